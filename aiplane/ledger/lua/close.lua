-- Remove the entry of a run, as a step of settling its job.
--
-- KEYS: 1 entry of the run
return redis.call('DEL', KEYS[1])
