-- Since when Redis has been the server that it is; 0 if it was never another.
--
-- Every Redis process has a run_id of its own; where it may not be asked for, no change is noticed. It is never
-- later than now: a clock that was set back begins it anew.
-- @include aiplane/redis/lua/whole_number.lua
local function server_since(epoch, now)
  local info = redis.pcall('INFO', 'server')
  local server = type(info) == 'string' and string.match(info, 'run_id:(%w+)')
  if not server then return 0 end
  local known = redis.call('HMGET', epoch, 'server', 'server_since')
  local before = whole_number(known[2]) or 0
  if known[1] == server and before <= now then return before end
  local since = known[1] and now or 0
  redis.call('HSET', epoch, 'server', server, 'server_since', since)
  return since
end
