-- Several scripts as one: each is a function, and take() makes packed calls of them, one after the other.
--
-- It answers with what each call has answered, up to the first that refused by a negative number.
local scripts = {}
-- @functions
local function take(packed)
  local replies = {}
  for i, step in ipairs(cmsgpack.unpack(packed)) do
    local script, keys, arguments, best_effort = unpack(step)
    local done, reply = true, nil
    if best_effort then
      done, reply = pcall(scripts[script], keys, arguments)
    else
      reply = scripts[script](keys, arguments)
    end
    if not done or reply == nil then reply = false end
    replies[i] = reply
    if not best_effort and type(reply) == 'number' and reply < 0 then break end
  end
  return replies
end
