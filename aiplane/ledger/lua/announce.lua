-- Announce an outcome. One that is large is left to be read: each bridge hears of all.
local function announce(channel, run, outcome, usage)
  local whole = usage .. '\n' .. outcome .. '\n' .. run
  redis.call('PUBLISH', channel, #outcome <= 65536 and whole or run)
end
