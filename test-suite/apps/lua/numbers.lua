-- Integers and floats at the edges, conversions between them, the math library.
local edge = {0, 1, -1, 2, -2, 7, -7, 3, 63, 64, 65, math.maxinteger, math.mininteger, math.maxinteger - 1,
  math.mininteger + 1, 1 << 31, 1 << 32, 1 << 53, (1 << 53) + 1, 0.0, -0.0, 0.5, -0.5, 1.5, -1.5, 1e15, 1e16, 2.0^53,
  2.0^63, -2.0^63, 1e100, -1e100, 1/0, -1/0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 3.14159, -2.71828}
local operations = {
  {"+", function(a, b) return a + b end}, {"-", function(a, b) return a - b end}, {"*", function(a, b) return a * b end},
  {"/", function(a, b) return a / b end}, {"//", function(a, b) return a // b end}, {"%", function(a, b) return a % b end},
  {"^", function(a, b) return a ^ b end}, {"&", function(a, b) return a & b end}, {"|", function(a, b) return a | b end},
  {"~", function(a, b) return a ~ b end}, {"<<", function(a, b) return a << b end}, {">>", function(a, b) return a >> b end},
  {"<", function(a, b) return a < b end}, {"<=", function(a, b) return a <= b end}, {"==", function(a, b) return a == b end},
  {"max", math.max}, {"min", math.min}, {"fmod", math.fmod}, {"ult", math.ult}}
-- The sign of a NaN is the processor's.
local function text(x)
  if x ~= x then return "nan" end
  return math.type(x) == "float" and ("%a"):format(x) or tostring(x)
end
for _, operation in ipairs(operations) do
  for _, a in ipairs(edge) do
    local line = {}
    for i, b in ipairs(edge) do
      local ok, x = pcall(operation[2], a, b)
      line[i] = ok and text(x) or x:gsub("^.-:%d+: ", "")
    end
    print(operation[1], a, table.concat(line, " "))
  end
end
for _, a in ipairs(edge) do
  local line = {}
  for _, name in ipairs {"abs", "ceil", "floor", "sqrt", "tointeger", "type", "modf"} do
    local r = table.pack(pcall(math[name], a))
    for i = 2, r.n do line[#line + 1] = name .. " " .. (type(r[i]) == "number" and text(r[i]) or tostring(r[i])) end
  end
  print(a, -a, pcall(function() return ~a end), tostring(a), math.type(a), table.concat(line, "; "))
end
for _, name in ipairs {"sin", "cos", "tan", "asin", "acos", "atan", "exp", "log"} do
  local line = {}
  for x = -20, 20 do line[#line + 1] = ("%.12g"):format(math[name](x / 8)):gsub("-nan", "nan") end
  print(name, table.concat(line, " "))
end
print(math.log(8, 2), math.log(1000, 10), math.log(27, 3), math.atan(1, -1), math.atan(-0.0, -1), math.deg(math.pi), math.rad(180))

-- text to numbers and back
for _, s in ipairs {"0", "-0", "0x", "0x10", "-0x10", "0xffffffffffffffff", "0x1ffffffffffffffff", "9223372036854775807",
  "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "1e1", "1e", ".5", "5.", ".", "0x.8p1", "0x1p-1074",
  "0xA.8", "1e400", "-1e400", "1e-400", " 12 ", "12 a", "1 2", "", " ", "inf", "nan", "0b1", "1_000", "\t7\n", "1e+5", "1e-5",
  "0x1P+3", "123456789012345678901234567890", "0.1", "1e15", "1e16", "123456.789e3", "4.9406564584124654e-324"} do
  local n = tonumber(s)
  print(("%q"):format(s), n, n and math.type(n), n and text(n), load("return " .. s) and "literal" or "no literal")
end
for base = 2, 36 do
  io.write(base, " ", tostring(tonumber("zz", base)), " ", tostring(tonumber("10", base)), " ", tostring(tonumber("-1011", base)), ";")
end
print(pcall(tonumber, "1", 1), pcall(tonumber, 1, 10), pcall(tonumber))
for _, n in ipairs {1, 1.0, -0.0, 1e15, 1e14, 123456789012.5, 0.1, 1/3, 100, 1e100, 2^24, 2^53, 2^63} do
  print(n, tostring(n), ("%d"):format(math.tointeger(n) or 0), n .. "", #tostring(n))
end
print(1 == 1.0, math.type(1), math.type(1.0), math.type("1"), 1 < 1.5, 2^53 == 2^53 + 1, (1 << 53) + 1 == 2.0^53,
  math.maxinteger + 1 == math.mininteger, math.maxinteger + 1.0 == 2^63, math.maxinteger < 2^63, math.mininteger <= -2^63)
print(5 // 0.0, -5 // 0.0, pcall(function() return 5 // 0 end), pcall(function() return 5 % 0 end), 5 % math.huge, -5 % math.huge)
print(pcall(function() return 1.5 | 1 end), pcall(function() return "a" | 1 end), pcall(function() return "3" | 4 end), pcall(function() return "3.5" | 4 end), 2^31 | 0)

-- random: a seed gives the same numbers everywhere
math.randomseed(123, 456)
local line = {}
for i = 1, 20 do line[i] = math.random(1, 1000) end
print(table.concat(line, " "), math.random(0), ("%a"):format(math.random()), math.random(math.mininteger, math.maxinteger), math.random(5))
print(pcall(math.random, 2, 1), pcall(math.random, 0, 1, 2))
-- computations that keep every bit: a checksum, fibonacci, collatz, a series, Mandelbrot's set
local h = 0xcbf29ce484222325
for i = 1, 20000 do h = ((h ~ (i & 255)) * 0x100000001b3) ~ (h >> 29) end
print(("%016x"):format(h))
local x, y = 0, 1 for _ = 1, 200 do x, y = y, x + y end print(x)
local longest, at = 0, 0
for n = 1, 2000 do local m, steps = n, 0 while m ~= 1 do m = m % 2 == 0 and m // 2 or 3 * m + 1 steps = steps + 1 end
  if steps > longest then longest, at = steps, n end end
print(longest, at)
local s = 0.0 for i = 1, 50000 do s = s + (i % 2 == 0 and -1 or 1) / (2 * i - 1) end print(("%a"):format(4 * s))
for row = -6, 6 do
  for column = -20, 8 do
    local cr, ci, zr, zi, n = column / 12, row / 6, 0.0, 0.0, 0
    while n < 60 and zr * zr + zi * zi < 4 do zr, zi, n = zr * zr - zi * zi + cr, 2 * zr * zi + ci, n + 1 end
    io.write(n == 60 and "#" or n > 6 and "+" or ".")
  end
  print()
end
