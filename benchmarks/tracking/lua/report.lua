-- One line of JSON for benchmarks/tracking/wrk.py. Latencies come in microseconds.
local M = {}

function M.write(summary, latency, extra)
  local e = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"duration_s":%.6f,"bytes":%d,"bad_status":%d,"broken":%d,' ..
    '"p50_ms":%.4f,"p90_ms":%.4f,"p99_ms":%.4f,"max_ms":%.4f,"extra":%d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, e.status,
    e.connect + e.read + e.write + e.timeout,
    latency:percentile(50) / 1e3, latency:percentile(90) / 1e3, latency:percentile(99) / 1e3,
    latency.max / 1e3, extra or 0))
end

return M
