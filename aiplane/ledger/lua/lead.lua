-- Become or stay the leader. Answers with 0 while another is.
--
-- KEYS: 1 leader
-- ARGV: 1 id of the member, 2 ms for which it leads
local leader = redis.call('GET', KEYS[1])
if leader and leader ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
