-- One point a request, steps going up, spread over the given runs. Args: path, file of run ids, first index.
local report = require("report")
local runs = {}
local head, next_index

function init(args)
  for line in io.lines(args[2]) do
    runs[#runs + 1] = '{"run_id":"' .. line .. '","key":"loss","value":0.'
  end
  head = "POST " .. args[1] .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] ..
    "\r\nContent-Type: application/json\r\nContent-Length: "
  next_index = tonumber(args[3])
end

function request()
  local step = math.floor(next_index / #runs)
  local body = runs[next_index % #runs + 1] .. (step * 7919 % 1000000 + 1) ..
    ',"timestamp":' .. string.format("%d", 1700000000000 + step) .. ',"step":' .. step .. "}"
  next_index = next_index + 1
  return head .. #body .. "\r\n\r\n" .. body
end

function done(summary, latency)
  report.write(summary, latency)
end
