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

  // A hash: `due`, the moment at which the bucket will be full again; `passed`, how many turns passed the last lane over;
  // and for each lane and process in which calls wait `waits:<lane>:<process>`, until when that holds.
  takeTurn: {
    numberOfKeys: 1,
    lua: `${nowInMs}
local between, burst, every, process = 1000 / tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local last = #ARGV - 4
local function own(lane) return 'waits:' .. lane .. ':' .. process end
local function count(lane) return tonumber(ARGV[4 + lane]) end
for lane = 1, last do
  if count(lane) > 0 then redis.call('HSET', KEYS[1], own(lane), now + 500)
  else redis.call('HDEL', KEYS[1], own(lane)) end
end
redis.call('PEXPIRE', KEYS[1], 60000)

local due, passed, waits = now, 0, {}
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local name, value = fields[i], tonumber(fields[i + 1])
  local lane = string.match(name, '^waits:(%d+):')
  if name == 'due' then due = math.max(value, now)
  elseif name == 'passed' then passed = value
  elseif lane and value > now then waits[tonumber(lane)] = true
  else redis.call('HDEL', KEYS[1], name) end
end

local lane, kept = nil, 1
if waits[last] and passed >= 2 * every then lane, kept = last, 0
elseif waits[1] then lane, kept = 1, 0
elseif waits[last] and passed >= every then lane = last
else
  for each = last, 2, -1 do
    if waits[each] then lane = each end
  end
end
if not lane then return {0, 0} end
local wait = math.max(0, due - (burst - 1 - kept) * between - now)
if count(lane) == 0 then return {0, math.ceil(wait + between)} end
if wait > 0 then return {0, math.ceil(wait)} end
if count(lane) == 1 then redis.call('HDEL', KEYS[1], own(lane)) end
if lane == last then passed = 0
elseif waits[last] then passed = passed + 1 end
redis.call('HSET', KEYS[1], 'due', string.format('%.3f', due + between), 'passed', passed)
return {lane, 0}`,
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
