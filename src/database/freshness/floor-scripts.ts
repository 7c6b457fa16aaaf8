import { RedisScript } from '../../redis/index.js';

/*
 * Redis runs a script as one step, so nothing comes between its reading and its writing. A hash of
 * floors has, beside them, `since`, its baseline or a mark, and `at`, when it was begun, by the
 * clock of Redis in milliseconds.
 */

/*
 * Numbers are compared, not text: Lua orders text by the server's locale, and some order "aa" after
 * "ab". A number holds 53 bits, so an LSN is compared by its halves.
 */
const POSITIONS = `
  local function is_position(text)
    return type(text) == 'string' and #text == 24 and not string.find(text, '[^0-9a-f]')
  end
  local function part(text, from)
    return tonumber(string.sub(text, from, from + 7), 16)
  end
  local function join(a, b)
    local timeline, lsn = string.sub(a, 1, 8), string.sub(a, 9)
    if part(b, 1) > part(a, 1) then timeline = string.sub(b, 1, 8) end
    local high_a, high_b = part(a, 9), part(b, 9)
    if high_b > high_a or (high_b == high_a and part(b, 17) > part(a, 17)) then
      lsn = string.sub(b, 9)
    end
    return timeline .. lsn
  end`;

const HASH = `
  local function since_of(key)
    local since = redis.pcall('HGET', key, 'since')
    return type(since) == 'string' and since or nil
  end
  local function now()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
  end
  local function begin(key, mark)
    redis.call('HSET', key, 'since', mark, 'at', string.format('%d', now()))
  end
  local function is_old(key, lifetime)
    return now() - (tonumber(redis.call('HGET', key, 'at') or '') or 0) >= tonumber(lifetime)
  end`;

/**
 * Raises the floors of the hash at KEYS[1], each an ARGV with its position in the one after it, from
 * ARGV[3] on. Answers 1 if the hash is older than ARGV[1] milliseconds, else 0. Behind its position a
 * floor has the id of the raise, ARGV[2]: so that it is another one after each, be it no higher.
 *
 * Where there is no hash there is nothing to raise: whoever begins one asks the primary after that,
 * which has come further by then. What is there and is no floor may stand for a higher one, so
 * it stays, and readers take it for unknown.
 */
export const RAISE_FLOORS = new RedisScript(`${POSITIONS}${HASH}
  if not since_of(KEYS[1]) then return 0 end
  for index = 3, #ARGV, 2 do
    local field, position = ARGV[index], ARGV[index + 1]
    local floor = redis.call('HGET', KEYS[1], field)
    local current = floor and string.sub(floor, 1, 24)
    if not floor then
      redis.call('HSET', KEYS[1], field, position .. '.' .. ARGV[2])
    elseif is_position(current) and string.sub(floor, 25, 25) == '.' then
      redis.call('HSET', KEYS[1], field, join(current, position) .. '.' .. ARGV[2])
    end
  end
  return is_old(KEYS[1], ARGV[1]) and 1 or 0`);

/**
 * What the hash at KEYS[1] has as its baseline. If that is none of the server ARGV[1] and no mark
 * either, a new hash is begun with the mark ARGV[2]. The one before it, at KEYS[2], then goes too:
 * it is nothing without what was raised after it.
 */
export const MARK_BASELINE = new RedisScript(`${HASH}
  local since = since_of(KEYS[1])
  if since and (string.sub(since, 1, 1) == '?' or string.sub(since, 1, #ARGV[1]) == ARGV[1]) then
    return since
  end
  redis.call('UNLINK', KEYS[1], KEYS[2])
  begin(KEYS[1], ARGV[2])
  return ARGV[2]`);

/** Replaces the baseline ARGV[1] of the hash at KEYS[1] by ARGV[2]; leaves any other alone. */
export const SET_BASELINE = new RedisScript(`${HASH}
  if since_of(KEYS[1]) == ARGV[1] then redis.call('HSET', KEYS[1], 'since', ARGV[2]) end
  return redis.status_reply('OK')`);

/**
 * Makes the hash at KEYS[1] the one before, at KEYS[2], and begins a new one with the mark ARGV[2],
 * if it has a baseline of the server ARGV[1] and is older than ARGV[3] milliseconds. Answers whether
 * it did.
 */
export const TURN_FLOORS = new RedisScript(`${HASH}
  local since = since_of(KEYS[1])
  if not since or string.sub(since, 1, #ARGV[1]) ~= ARGV[1] then return 0 end
  if not is_old(KEYS[1], ARGV[3]) then return 0 end
  redis.call('UNLINK', KEYS[2])
  redis.call('RENAME', KEYS[1], KEYS[2])
  begin(KEYS[1], ARGV[2])
  return 1`);
