-- table.sort with a Lua comparison called from C.
local count = tonumber(arg[1] or 200000)
local state, values = 42, {}
for i = 1, count do
	state = (state * 1664525 + 1013904223) % 4294967296
	values[i] = state
end
table.sort(values, function(a, b) return a > b end)
local hash = 0
for i = 1, count do hash = (hash * 31 + values[i]) % 4294967296 end
print(hash)
