-- Look at what the other steps of a settlement rely on. Answers with a _Refusal's number, or nothing.
--
-- KEYS: 1 lock, 2 hash of the job, 3 active, 4 entry of the run, 5 wait of the queue that gets a job
-- ARGV: 1 token of the lock, 2 id of the job, 3 what the run must be: unclaimed, unfinished, childless, 4 digest of
--       the outcome or empty, 5 and on fields to remove
-- Lock and place, claim and outcome, children, and that the queue which gets a job can take one. BullMQ's scripts break
-- off half-way at what they cannot read, and what is then done stays done; so fields that they would break off at go
-- first. So do those that will be true no longer.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -101 end
if redis.call('EXISTS', KEYS[2]) == 0 or not redis.call('LPOS', KEYS[3], ARGV[2]) then return -101 end
local entry = redis.call('HMGET', KEYS[4], 'claim', 'outcome')
if ARGV[3] == 'unclaimed' and entry[1] then return -102 end
if ARGV[3] == 'unfinished' and entry[2] then return -102 end
if ARGV[4] ~= '' and not (entry[2] and redis.sha1hex(entry[2]) == ARGV[4]) then return -102 end
if ARGV[3] == 'childless' then
  local pending = redis.call('SCARD', KEYS[2] .. ':dependencies')
  if pending + redis.call('ZCARD', KEYS[2] .. ':unsuccessful') > 0 then return -103 end
end
local wait = redis.call('TYPE', KEYS[5]).ok
if wait ~= 'none' and wait ~= 'list' then return -104 end
if ARGV[5] then redis.call('HDEL', KEYS[2], unpack(ARGV, 5)) end
