-- Heads of dead letters: all of a small one, of a large one what stands before its payload.
--
-- ARGV: 1 what the keys of letters begin with, 2 characters of a letter that is read whole, and ids
local heads = {}
for i = 3, #ARGV do
  local text = redis.pcall('HGET', ARGV[1] .. ARGV[i], 'data')
  if type(text) ~= 'string' then text = '' end
  if #text > tonumber(ARGV[2]) then
    local at = string.find(text, ',"data":', 1, true) or 1
    text = at - 1 <= 16 * tonumber(ARGV[2]) and string.sub(text, 1, at - 1) .. '}' or ''
  end
  heads[i - 2] = text
end
return heads
