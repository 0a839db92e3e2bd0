-- Since when Redis has been answering without a gap; the look itself counts as an answer.
-- @include aiplane/redis/lua/whole_number.lua
local function steady_since(epoch, now, gap)
  local known = redis.call('HMGET', epoch, 'last', 'since')
  local last, since = whole_number(known[1]) or 0, whole_number(known[2])
  if now - last > gap or now < last or not since or now < since then
    since = now
    redis.call('HSET', epoch, 'since', since)
  end
  redis.call('HSET', epoch, 'last', now)
  return since
end
