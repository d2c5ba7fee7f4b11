-- String building, patterns, hashing, garbage.
local count = tonumber(arg[1] or 150000)
local words, seen = {}, {}
for i = 1, count do
	local word = string.format("w%d-%x", i % 977, i * 7919 % 65536)
	words[#words + 1] = word:upper():gsub("%d", function(d) return d + 1 end)
	seen[word] = (seen[word] or 0) + 1
end
local text = table.concat(words, " ")
local letters, distinct = 0, 0
for word in text:gmatch("%a+") do letters = letters + #word end
for _ in pairs(seen) do distinct = distinct + 1 end
print(#text, letters, distinct, text:find("W977", 1, true) or "none")
