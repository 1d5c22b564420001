-- Takes a slot, if one is free.
--
-- KEYS[1] the slots; ARGV[1] the member, ARGV[2] the number of slots, ARGV[3] the lifetime in ms.
-- Returns whether the slot was taken.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ends = now + ARGV[3]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
-- Slots that end later than a new one were taken before the clock was set back.
redis.call('ZREMRANGEBYSCORE', KEYS[1], string.format('(%.0f', ends), '+inf')
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  return 0
end
redis.call('ZADD', KEYS[1], string.format('%.0f', ends), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
