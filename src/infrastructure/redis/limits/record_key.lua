-- Records the keys of the budgets and slots that a tenant uses. The oldest records are removed.
--
-- KEYS[1] the records; ARGV[1] their lifetime in ms, ARGV[2] the most records, the rest keys.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for number = 3, #ARGV do
  redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[number])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now - ARGV[1]))
-- Records with a later time than now were written before the clock was set back.
redis.call('ZREMRANGEBYSCORE', KEYS[1], string.format('(%.0f', now), '+inf')
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
