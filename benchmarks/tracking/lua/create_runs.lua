-- Each connection: create a run, then one log-batch of 20 params and 10 metrics into it, and again.
-- One thread a connection. Args: create path, batch path, file of the create body, file of the batch body's rest.
-- `extra` in the report is the number of runs that got both.
local report = require("report")
local threads = {}
local create, batch_head, batch_rest
pairs_done = 0

function setup(thread)
  threads[#threads + 1] = thread
end

local function post(path, host, length)
  return "POST " .. path .. " HTTP/1.1\r\nHost: " .. host ..
    "\r\nContent-Type: application/json\r\nContent-Length: " .. length .. "\r\n\r\n"
end

local run_id

function init(args)
  local host = wrk.headers["Host"]
  local body = assert(io.open(args[3], "rb")):read("*a")
  create = post(args[1], host, #body) .. body
  batch_rest = assert(io.open(args[4], "rb")):read("*a")
  batch_head = post(args[2], host, #'{"run_id":"",' + 32 + #batch_rest)
end

function request()
  if run_id then
    return batch_head .. '{"run_id":"' .. run_id .. '",' .. batch_rest
  end
  return create
end

function response(status, _, body)
  if status ~= 200 then
    run_id = nil
  elseif run_id then
    run_id = nil
    pairs_done = pairs_done + 1
  else
    run_id = string.match(body, '"run_id"%s*:%s*"(%w+)"')
  end
end

function done(summary, latency)
  local total = 0
  for _, thread in ipairs(threads) do
    total = total + thread:get("pairs_done")
  end
  report.write(summary, latency, total)
end
