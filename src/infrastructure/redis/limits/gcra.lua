-- The GCRA: the arithmetic of Rate::decide, by the clock of Redis, in whole microseconds.
--
-- KEYS[1] the budget; ARGV[1] the cost, ARGV[2] the window, both in microseconds.
-- Returns whether the request is admitted, how long to wait, and when the budget is full.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local cost, full = tonumber(ARGV[1]), now + ARGV[2]
local stored = tonumber(redis.call('GET', KEYS[1])) or now
local arrival = math.min(math.max(stored, now), full)
local function store(at)
  -- '%.0f': any other format of a double this large loses its last digits.
  redis.call('SET', KEYS[1], string.format('%.0f', at), 'PX', math.ceil((at - now) / 1000) + 1000)
end
local after = arrival + cost
if after > full then
  -- An arrival time beyond the window was written before the clock was set back, or for another rate. The budget
  -- counts as used up once; kept, the time would count as used up until the clock reaches it.
  if stored > full then
    store(full)
  end
  return {0, after - full, arrival - now}
end
store(after)
return {1, 0, after - now}
