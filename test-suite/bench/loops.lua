-- The interpreter's own loop: arithmetic, tables, no calls.
local n = tonumber(arg[1] or 2000)
local t, sum = {}, 0
for i = 1, n do t[i] = i * 1.5 end
for round = 1, tonumber(arg[2] or 8000) do
	for i = 1, n do
		if i % 3 == 0 then sum = sum + t[i] // 2 else sum = sum ~ i | 0 end
		sum = sum & 0xffffff
		sum = sum | 0
	end
end
print(sum)
