-- Make the packed calls of a batch.
--
-- ARGV: 1 calls, packed
-- @given take
return take(ARGV[1])
