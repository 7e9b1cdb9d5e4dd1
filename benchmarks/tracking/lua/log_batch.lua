-- log-batch of bodies written before: every (run, window) once, a run's windows in order, so that series grow
-- as training makes them grow and no point is ever sent twice.
-- Args: path, file of run ids, folder of windows, number of windows, first index.
local report = require("report")
local runs, heads, windows = {}, {}, {}
local next_index = 0

function init(args)
  for line in io.lines(args[2]) do
    runs[#runs + 1] = line
  end
  local fixed = "POST " .. args[1] .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] ..
    "\r\nContent-Type: application/json\r\nContent-Length: "
  for i = 1, tonumber(args[4]) do
    local file = assert(io.open(args[3] .. "/" .. i .. ".json", "rb"))
    windows[i] = file:read("*a")
    file:close()
    heads[i] = fixed .. (#'{"run_id":"",' + 32 + #windows[i]) .. '\r\n\r\n{"run_id":"'
  end
  next_index = tonumber(args[5])
end

function request()
  local window = next_index % #windows + 1
  local run = math.floor(next_index / #windows) + 1
  if run > #runs then
    error("out of runs: bodies would repeat")
  end
  next_index = next_index + 1
  return heads[window] .. runs[run] .. '",' .. windows[window]
end

function done(summary, latency)
  report.write(summary, latency)
end
