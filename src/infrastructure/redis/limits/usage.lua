-- Reads how much of a budget is used, or how many slots are held.
--
-- KEYS[1] the budget or the slots. Returns the microseconds until the budget is full, or the number of slots.
local time = redis.call('TIME')
local kind = redis.call('TYPE', KEYS[1]).ok
if kind == 'zset' then
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  return redis.call('ZCOUNT', KEYS[1], string.format('(%.0f', now), '+inf')
elseif kind == 'string' then
  local now = time[1] * 1000000 + time[2]
  return math.max(0, tonumber(redis.call('GET', KEYS[1])) - now)
end
return 0
