-- What wrk asks for: posts to, or pages of, a random tag.
-- Arguments: post, page or mix, the number of tags.

local POSTS_OF_MIX = 0.05

local function post(tag)
  local headers = { ['Content-Type'] = 'application/json' }
  local message = 'What we measure, we know a little better.'
  local body = '{"message":"' .. message .. '","tag":"' .. tag .. '"}'
  return wrk.format('POST', '/messages', headers, body)
end

local function page(tag)
  return wrk.format('GET', '/messages?limit=50&tag=' .. tag)
end

local function uniform(tags)
  return function()
    return 'tag' .. math.random(0, tags - 1)
  end
end

-- By Zipf's law with exponent 1: where a random number falls among the sums of 1, 1/2, 1/3, ...
local function zipf(tags)
  local sums, sum = {}, 0
  for n = 1, tags do
    sum = sum + 1 / n
    sums[n] = sum
  end
  return function()
    local at = math.random() * sum
    local low, high = 1, tags
    while low < high do
      local middle = math.floor((low + high) / 2)
      if sums[middle] < at then low = middle + 1 else high = middle end
    end
    return 'tag' .. (low - 1)
  end
end

function init(args)
  local kind, tags = args[1], tonumber(args[2])
  math.randomseed(os.time())
  if kind == 'mix' then
    local tag = zipf(tags)
    request = function()
      return math.random() < POSTS_OF_MIX and post(tag()) or page(tag())
    end
  else
    local tag = uniform(tags)
    local ask = kind == 'post' and post or page
    request = function()
      return ask(tag())
    end
  end
end
