-- Tables: the array and the hash part, length, next, the table library, sort.
local seed = 42
local function random(n) seed = (seed * 1103515245 + 12345) & 0x7fffffff return seed % n + 1 end

-- grow, shrink and rehash
local t, count = {}, 0
for round = 1, 40 do
  for _ = 1, 400 do
    local key = random(3000)
    if random(3) == 1 then key = "k" .. key elseif random(3) == 1 then key = key + 0.5 end
    if t[key] then t[key] = nil count = count - 1 else t[key] = round count = count + 1 end
  end
  local seen, sum = 0, 0
  for _, v in pairs(t) do seen = seen + 1 sum = sum + v end
  print(round, count, seen, sum)
end
-- clear while traversing
for k in pairs(t) do t[k] = nil end
print(next(t), #t, rawlen(t))

-- keys that are the same, and keys that are not allowed
t = {[1] = "int", [2^53] = "float"}
print(t[1.0], t[2^53 | 0], t["1"], pcall(function() t[nil] = 1 end), pcall(function() t[0/0] = 1 end), t[nil])

-- the library
t = {}
for i = 1, 20 do table.insert(t, i * i) end
table.insert(t, 1, "first") table.insert(t, 5, "fifth")
print(table.concat(t, " "), table.remove(t), table.remove(t, 1), table.remove(t, 4), #t)
print(pcall(table.insert, t, 100, 1), pcall(table.insert, t), pcall(table.remove, t, 100), pcall(table.concat, {{}}))
print(table.concat(table.move({1, 2, 3, 4, 5}, 2, 5, 1), ","), table.concat(table.move({1, 2, 3}, 1, 3, 3), ","),
  table.concat(table.move({1, 2, 3}, 1, 3, 2, {9}), ","))
print(table.unpack({1, 2, nil, 4}, 1, 4), select("#", table.unpack({}, 1, 10)), pcall(table.unpack, {}, 1, 1e8))
print(table.pack(1, nil, 3, nil).n, select("#"), select("#", nil, nil), select(-1, 1, 2, 3), pcall(select, 0))

-- sort: sizes, orders, comparisons in Lua and in C, errors
local function sorted(t, less)
  for i = 2, #t do if less(t[i], t[i - 1]) then return false end end
  return true
end
for _, n in ipairs {0, 1, 2, 3, 10, 100, 101, 1000, 3000} do
  for name, make in pairs {
    up = function(i) return i end, down = function(i) return -i end, same = function() return 7 end,
    some = function() return random(1000) end, float = function() return random(1000) / 7 end} do
    local t, calls = {}, 0
    for i = 1, n do t[i] = make(i) end
    table.sort(t)
    local ok = sorted(t, function(a, b) return a < b end)
    table.sort(t, function(a, b) calls = calls + 1 return a > b end)
    assert(ok and sorted(t, function(a, b) return a > b end) and (n < 2 or calls > 0), name)
  end
  print("sorted", n)
end
local words = {}
for i = 1, 500 do words[i] = ("%x"):format(random(1 << 20)) end
table.sort(words)
print(table.concat(words, " "))
table.sort(words, function(a, b) return a:reverse() < b:reverse() end)
print(table.concat(words, " "))
print(pcall(table.sort, {3, 1, "x", 2}))
print(pcall(table.sort, {1, 2, 3}, function() error("no order", 0) end))
print((pcall(table.sort, {5, 3, 9, 1, 7, 2, 8}, function() return true end)))

-- through metamethods
local log = {}
local proxy = setmetatable({}, {
  __index = function(_, k) log[#log + 1] = "get " .. tostring(k) return k <= 4 and k * 10 or nil end,
  __newindex = function(_, k, v) log[#log + 1] = "set " .. k .. " " .. tostring(v) end,
  __len = function() return 4 end})
table.insert(proxy, "new") table.remove(proxy) table.sort(proxy) print(table.concat(proxy, ","), table.unpack(proxy))
print(table.concat(log, "; "))

-- matrices and a sieve
local n = 24
local function matrix(f) local m = {} for i = 1, n do m[i] = {} for j = 1, n do m[i][j] = f(i, j) end end return m end
local a, b = matrix(function(i, j) return i + j end), matrix(function(i, j) return i - j end)
local c = matrix(function(i, j) local s = 0 for k = 1, n do s = s + a[i][k] * b[k][j] end return s end)
print(c[1][1], c[n][n], c[3][17])
local sieve, primes = {}, {}
for i = 2, 5000 do if not sieve[i] then primes[#primes + 1] = i for j = i * i, 5000, i do sieve[j] = true end end end
print(#primes, primes[#primes])
