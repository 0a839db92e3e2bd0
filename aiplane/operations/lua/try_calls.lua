-- Make some calls, and answer with those that were refused.
--
-- ARGV: 1 calls, packed
local refused = {}
for _, call in ipairs(cmsgpack.unpack(ARGV[1])) do
  local reply = redis.pcall(unpack(call))
  if type(reply) == 'table' and reply.err then refused[#refused + 1] = {call[1], reply.err} end
end
return refused
