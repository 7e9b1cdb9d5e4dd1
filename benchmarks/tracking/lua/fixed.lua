-- The same request again and again. Args: method, path, body file ("-" for none).
local report = require("report")
local request_bytes

function init(args)
  local body = ""
  if args[3] ~= "-" then
    body = assert(io.open(args[3], "rb")):read("*a")
  end
  local head = args[1] .. " " .. args[2] .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\n"
  if args[1] ~= "GET" then
    head = head .. "Content-Type: application/json\r\nContent-Length: " .. #body .. "\r\n"
  end
  request_bytes = head .. "\r\n" .. body
end

function request()
  return request_bytes
end

function done(summary, latency)
  report.write(summary, latency)
end
