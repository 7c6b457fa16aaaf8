import { RedisScript } from '../../redis/index.js';

/*
 * Redis runs a script as one step, so nothing comes between its reading and its writing. Each
 * touches one key, which lets them run in a cluster.
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

/**
 * Raises the floor at KEYS[1] to ARGV[1] at least, kept for ARGV[2] milliseconds. What is there and
 * is no position may stand for a higher one, so it stays, and until it expires readers take it for
 * unknown.
 */
export const RAISE_FLOOR = new RedisScript(`${POSITIONS}
  local current = redis.pcall('GET', KEYS[1])
  if type(current) ~= 'string' then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  elseif is_position(current) then
    redis.call('SET', KEYS[1], join(current, ARGV[1]), 'PX', ARGV[2])
  else
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
  end
  return redis.status_reply('OK')`);

/**
 * What stands as the baseline at KEYS[1]. If it is none of the server ARGV[1] and no mark either,
 * it is replaced by the mark ARGV[2].
 */
export const MARK_BASELINE = new RedisScript(`
  local current = redis.pcall('GET', KEYS[1])
  if type(current) == 'string' then
    if string.sub(current, 1, 1) == '?' then return current end
    if string.sub(current, 1, #ARGV[1]) == ARGV[1] then return current end
  end
  redis.call('SET', KEYS[1], ARGV[2])
  return ARGV[2]`);

/** Replaces the baseline ARGV[1] at KEYS[1] by ARGV[2]; leaves any other alone. */
export const SET_BASELINE = new RedisScript(`
  if redis.pcall('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end
  return redis.status_reply('OK')`);

/**
 * Raises the baseline at KEYS[1], if it is one of the server ARGV[1], to ARGV[2] at least. Where
 * there is none yet, whoever is about to set it has to ask the primary again: hence the deletion.
 */
export const RAISE_BASELINE = new RedisScript(`${POSITIONS}
  local current = redis.pcall('GET', KEYS[1])
  local position = type(current) == 'string' and string.sub(current, #ARGV[1] + 1)
  if is_position(position) and string.sub(current, 1, #ARGV[1]) == ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[1] .. join(position, ARGV[2]))
  else
    redis.call('DEL', KEYS[1])
  end
  return redis.status_reply('OK')`);
