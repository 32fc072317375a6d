-- A node says that it is there and what it needs; gets its part of the calls per second that all nodes share.
--
-- KEYS[1]  PREFIX:nodes   hash: node -> JSON {instance, at_ms, text}
-- KEYS[i]  PREFIX:cps:GROUP   hash: node -> "CPS UNTIL_MS", one key per shared trunk group
-- ARGV     node, instance, text, ttl_ms, then for each group: its calls per second, 1 if the node dials on it else 0
--
-- The parts of a group never add up to more than its rate: what a node gets is at most what the others have left.
-- Whoever has more than the fair part gives it back with the next call, so that a new node has its own after one round.
local node, instance, text, ttl = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local clash = ''
local entries = redis.call('HGETALL', KEYS[1])
local nodes = {}
for i = 1, #entries, 2 do
    local entry = cjson.decode(entries[i + 1])
    if now - entry.at_ms > ttl then
        redis.call('HDEL', KEYS[1], entries[i])
    elseif entries[i] ~= node then
        nodes[#nodes + 1] = {entries[i], entry.text}
    elseif entry.instance ~= instance then
        clash = entry.instance
    end
end
if clash ~= '' then
    return {clash, {}, nodes}
end
redis.call('HSET', KEYS[1], node, cjson.encode({instance = instance, at_ms = now, text = text}))

local parts = {}
for i = 2, #KEYS do
    local rate, dials = tonumber(ARGV[2 * i + 1]), ARGV[2 * i + 2] == '1'
    local sharers, taken = dials and 1 or 0, 0
    local held = redis.call('HGETALL', KEYS[i])
    for j = 1, #held, 2 do
        local part, till = string.match(held[j + 1], '^(%S+) (%S+)$')
        if tonumber(till) < now then
            redis.call('HDEL', KEYS[i], held[j])
        elseif held[j] ~= node then
            sharers = sharers + 1
            taken = taken + tonumber(part)
        end
    end
    local mine = 0
    if dials then
        mine = math.max(0, math.min(rate / sharers, rate - taken))
        redis.call('HSET', KEYS[i], node, string.format('%.6f %d', mine, now + ttl))
    else
        redis.call('HDEL', KEYS[i], node)
    end
    parts[#parts + 1] = string.format('%.6f', mine)
end
return {'', parts, nodes}
