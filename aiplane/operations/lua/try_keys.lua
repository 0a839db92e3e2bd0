-- Touch keys of both prefixes in one script.
--
-- KEYS: any
return redis.call('EXISTS', unpack(KEYS))
