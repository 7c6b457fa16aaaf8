-- What wrk asks for: posts to, or pages of, a random tag.
-- Arguments: post or page, the number of tags.

local ask

function init(args)
  local kind, tags = args[1], tonumber(args[2])
  math.randomseed(os.time())
  if kind == 'post' then
    local headers = { ['Content-Type'] = 'application/json' }
    local message = 'What we measure, we know a little better.'
    ask = function(tag)
      local body = '{"message":"' .. message .. '","tag":"' .. tag .. '"}'
      return wrk.format('POST', '/messages', headers, body)
    end
  else
    ask = function(tag)
      return wrk.format('GET', '/messages?limit=50&tag=' .. tag)
    end
  end
  request = function()
    return ask('tag' .. math.random(0, tags - 1))
  end
end
