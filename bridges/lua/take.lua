-- Take the next job as BullMQ does; open its run and send it, where Lua can read all that has to be known of it.
--
-- KEYS, ARGV: those of BullMQ's moveToActive, and ARGV[4] what is alike in the messages, packed, or none
-- Answers as moveToActive does, with a fifth: 1 if the run is sent, 0 if it is the bridge's to send; or, without a job,
-- how the queue stands.
-- A number, or options, that Lua would not read as Python does are left to Python: the run's id, and what is refused,
-- must not depend on who reads them.
-- @given scripts
local function whole(text)
  return #text < 16 and (text == '0' or text:find('^[1-9]%d*$')) and text
end
local function attempts_in(options, default)
  if #options > 1000 then return end
  local bare = options:gsub('"[^"\\%c]*"', ''):gsub('true', ''):gsub('false', ''):gsub('null', '')
  if not bare:find('^[%d ,:{}%[%]]*$') or bare:find('%D0%d') or options:sub(1, 1) ~= '{' then return end
  local read, known = pcall(cjson.decode, options)
  if not read or known.tm ~= nil or known.kl ~= nil or known.keepLogs ~= nil then return end
  local attempts = known.attempts
  if attempts == nil or attempts == 0 then return default end
  return type(attempts) == 'number' and attempts < 1e9 and string.format('%d', attempts)
end

local function sent(id, fields, form, lock)
  if not form then return 0 end
  local record = {}
  for i = 1, #fields, 2 do record[fields[i]] = fields[i + 1] end
  if record.defa or record.rjk or record.tm or not record.data then return 0 end
  local made = whole(record.atm or record.attemptsMade or '0')
  local timestamp, attempts = whole(record.timestamp or ''), attempts_in(record.opts or '', form.attempts)
  if not (made and timestamp and attempts and id:find('^[%w_:.-]+$')) then return 0 end
  local run = form.queue .. '|' .. id .. '|' .. timestamp .. '|' .. made
  local message = form.text:gsub('@(%l+)@', {
    run = run, job = id, attempt = string.format('%d', made + 1), attempts = attempts,
    trace = '{}', logs = form.logs, tag = form.tag,
  })
  return scripts.open({form.runs .. run, lock, form.list}, {form.entry_ms, form.token, message})
end

local reply = scripts.moveToActive(KEYS, ARGV)
local fields, id = reply[1], reply[2]
if type(fields) == 'table' then
  local form = ARGV[4] and cmsgpack.unpack(ARGV[4])
  local done, answer = pcall(sent, id, fields, form, ARGV[1] .. id .. ':lock')
  reply[5] = done and answer or 0
else
  reply[5] = scripts.mergePaused({KEYS[1], KEYS[8], KEYS[9], KEYS[11]}, {})
  if redis.call('EXISTS', KEYS[1], KEYS[3]) == 0 then redis.call('ZREM', KEYS[11], '0') end
end
return reply
