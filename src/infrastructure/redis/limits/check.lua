-- The GCRA: the sums of Quota::decide, by the clock of Redis, in whole microseconds.
--
-- KEYS[1] the budget; ARGV[1] the cost, ARGV[2] the window, both in microseconds.
-- Answers whether it passes, how long to wait, and when the budget is whole.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local cost, full = tonumber(ARGV[1]), now + ARGV[2]
local arrival = tonumber(redis.call('GET', KEYS[1])) or now
arrival = math.min(math.max(arrival, now), full)
local after = arrival + cost
if after > full then
  return {0, after - full, arrival - now}
end
-- '%.0f': any other way of writing a double this large loses its last digits.
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000) + 1000)
return {1, 0, after - now}
