-- End a lease, and the leadership with it if its member has it.
--
-- KEYS: 1 leader, 2 leases by the time of their renewal, 3 what members say of themselves
-- ARGV: 1 id of the member
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
return 1
