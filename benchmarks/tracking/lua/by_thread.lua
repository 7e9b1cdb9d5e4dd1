-- The same POST again and again, with each thread's number in it. Args: path, body file; "{thread}" in it stands for
-- the number, as five digits.
local report = require("report")
local threads = 0
local request_bytes

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  local body = assert(io.open(args[2], "rb")):read("*a")
  body = string.gsub(body, "{thread}", string.format("%05d", number))
  request_bytes = "POST " .. args[1] .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] ..
    "\r\nContent-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

function request()
  return request_bytes
end

function done(summary, latency)
  report.write(summary, latency)
end
