-- Of some records those that are jobs and in none of the sets.
--
-- KEYS: 1 what the keys of jobs begin with, and the sets
-- ARGV: ids
-- A scheduler keeps its template under the same name as a job its data; only it counts iterations.
local left = {}
for _, id in ipairs(ARGV) do
  local record = KEYS[1] .. id
  if redis.call('HEXISTS', record, 'data') == 1 and redis.call('HEXISTS', record, 'ic') == 0 then
    local held = false
    for i = 2, #KEYS do held = held or redis.call('ZSCORE', KEYS[i], id) end
    if not held then left[#left + 1] = id end
  end
end
return left
