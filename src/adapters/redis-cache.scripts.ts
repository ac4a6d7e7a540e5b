// Lua scripts. Each is atomic and uses Redis's own clock, because the clocks of the processes may differ.

const nowInMs = `local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000`;

export const scripts = {
  countUp: {
    numberOfKeys: 1,
    lua: `local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {count, left}`,
  },

  freeLock: {
    numberOfKeys: 1,
    lua: `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`,
  },

  extendLock: {
    numberOfKeys: 1,
    lua: `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0`,
  },

  // Stores the moment at which the bucket will be full again.
  takeToken: {
    numberOfKeys: 1,
    lua: `${nowInMs}
local between = 1000 / tonumber(ARGV[1])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = math.max(0, due - (tonumber(ARGV[2]) - 1) * between - now)
if wait > tonumber(ARGV[3]) then return false end
redis.call('SET', KEYS[1], string.format('%.3f', due + between), 'PX', math.ceil(due + between - now) + 1000)
return math.ceil(wait)`,
  },

  // A sorted set of holders, scored by the end of their lease.
  takePlace: {
    numberOfKeys: 1,
    lua: `${nowInMs}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1`,
  },

  extendPlace: {
    numberOfKeys: 1,
    lua: `${nowInMs}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`,
  },
};
