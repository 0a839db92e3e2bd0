-- Since when Redis has been answering without a gap; the look itself counts as an answer.
local function steady_since(epoch, now, gap)
  local last = tonumber(redis.call('HGET', epoch, 'last') or '0')
  if now - last > gap or now < last then redis.call('HSET', epoch, 'since', now) end
  redis.call('HSET', epoch, 'last', now)
  return tonumber(redis.call('HGET', epoch, 'since'))
end
