-- One script as a function of a batch.
-- @given scripts
scripts['@name@'] = function(KEYS, ARGV)
-- @body
end
