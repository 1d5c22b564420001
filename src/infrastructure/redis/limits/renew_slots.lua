-- Renews slots for another lifetime. Lost slots are taken again.
--
-- KEYS[1] the slots; ARGV[1] the lifetime in ms, the rest members.
local time = redis.call('TIME')
local ends = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1])
for number = 2, #ARGV do
  redis.call('ZADD', KEYS[1], ends, ARGV[number])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
