-- Wireshark dissector for ExpEther: link frames (docs/wire-format.md), and TLPs in captures of `expether capture` (docs/capture.md).
--
--   tshark -X lua_script:tools/wireshark/expether.lua -r run.pcapng
--
-- Three protocols:
--   expether      frames with EtherType 0x88B5 (with or without an 802.1Q tag), and UDP datagrams that hold such frames whole
--   expether_tap  link type 147 (USER0): a header that says whose TLP it is, then a TLP
--   pcietlp       a TLP of PCI Express 5.0; also alone, as link type 148 (USER1)
--
-- UDP is recognised by its content; where that is off, use "Decode As" or  -d udp.port==PORT,expether_udp
-- Sealed frames show their header and say that the rest is sealed: the keys are not known here.

local VERSION = 2
local ANNOUNCEMENT_VERSION = 1
local TAP_VERSION = 1
local HEADER = 64

local types = { [0] = "Data", [1] = "Init", [2] = "Accept", [3] = "Stale", [4] = "Reset", [5] = "Announce", [6] = "Hello", [7] = "Challenge" }
local kinds = { [1] = "Tlp", [2] = "Control", [129] = "Credits", [130] = "Hint", [131] = "Mtu" }
local classes = { [0] = "posted", [1] = "non-posted", [2] = "completion" }
local yesno = { [0] = "no", [1] = "yes" }

---------------------------------------------------------------------------------------------------------------- TLP

local tlp = Proto("pcietlp", "PCI Express TLP")

local fmts = {
    [0] = "3 DW header, no data", [1] = "4 DW header, no data", [2] = "3 DW header, with data", [3] = "4 DW header, with data",
    [4] = "TLP prefix",
}
local statuses = { [0] = "Successful Completion (SC)", [1] = "Unsupported Request (UR)", [2] = "Configuration Request Retry Status (CRS)", [4] = "Completer Abort (CA)" }
local status_short = { [0] = "SC", [1] = "UR", [2] = "CRS", [4] = "CA" }
local messages = {
    [0x00] = "Unlock", [0x10] = "LTR", [0x14] = "PM_Active_State_Nak", [0x18] = "PM_PME", [0x19] = "PME_Turn_Off", [0x1B] = "PME_TO_Ack",
    [0x20] = "Assert_INTA", [0x24] = "Deassert_INTA", [0x30] = "ERR_COR", [0x31] = "ERR_NONFATAL", [0x33] = "ERR_FATAL",
    [0x50] = "Set_Slot_Power_Limit", [0x7E] = "Vendor_Defined Type 0", [0x7F] = "Vendor_Defined Type 1",
}
local routings = {
    [0] = "to the root complex", [1] = "by address", [2] = "by ID", [3] = "broadcast from the root complex", [4] = "local",
    [5] = "gathered to the root complex",
}
local ats = { [0] = "untranslated", [1] = "translation request", [2] = "translated", [3] = "reserved" }

local function names_of_types()
    local all = {
        [0x00] = "MRd", [0x20] = "MRd", [0x01] = "MRdLk", [0x21] = "MRdLk", [0x40] = "MWr", [0x60] = "MWr", [0x02] = "IORd", [0x42] = "IOWr",
        [0x04] = "CfgRd0", [0x44] = "CfgWr0", [0x05] = "CfgRd1", [0x45] = "CfgWr1", [0x0A] = "Cpl", [0x4A] = "CplD", [0x0B] = "CplLk",
        [0x4B] = "CplDLk", [0x4C] = "FetchAdd", [0x6C] = "FetchAdd", [0x4D] = "Swap", [0x6D] = "Swap", [0x4E] = "CAS", [0x6E] = "CAS",
    }
    for r = 0, 7 do
        all[0x30 + r] = "Msg"
        all[0x70 + r] = "MsgD"
    end
    return all
end
local type_names = names_of_types()

local t = {
    name = ProtoField.string("pcietlp.name", "Kind"),
    fmt = ProtoField.uint8("pcietlp.fmt", "Fmt", base.HEX, fmts, 0xE0),
    type = ProtoField.uint8("pcietlp.type", "Type", base.HEX, nil, 0x1F),
    t9 = ProtoField.uint8("pcietlp.t9", "T9", base.DEC, nil, 0x80),
    tc = ProtoField.uint8("pcietlp.tc", "TC", base.DEC, nil, 0x70),
    t8 = ProtoField.uint8("pcietlp.t8", "T8", base.DEC, nil, 0x08),
    ido = ProtoField.uint8("pcietlp.attr.ido", "Attr[2], ID-based ordering", base.DEC, nil, 0x04),
    ln = ProtoField.uint8("pcietlp.ln", "LN", base.DEC, nil, 0x02),
    th = ProtoField.uint8("pcietlp.th", "TH", base.DEC, nil, 0x01),
    td = ProtoField.uint8("pcietlp.td", "TD, a digest follows", base.DEC, nil, 0x80),
    ep = ProtoField.uint8("pcietlp.ep", "EP, poisoned", base.DEC, nil, 0x40),
    ro = ProtoField.uint8("pcietlp.attr.ro", "Attr[1], relaxed ordering", base.DEC, nil, 0x20),
    ns = ProtoField.uint8("pcietlp.attr.ns", "Attr[0], no snoop", base.DEC, nil, 0x10),
    at = ProtoField.uint8("pcietlp.at", "AT", base.DEC, ats, 0x0C),
    length = ProtoField.uint16("pcietlp.length", "Length in DW"),
    requester = ProtoField.string("pcietlp.requester", "Requester ID"),
    completer = ProtoField.string("pcietlp.completer", "Completer ID"),
    target = ProtoField.string("pcietlp.target", "Bus, Device, Function Number"),
    tag = ProtoField.uint16("pcietlp.tag", "Tag", base.HEX),
    lastbe = ProtoField.uint8("pcietlp.lastbe", "Last DW BE", base.HEX, nil, 0xF0),
    firstbe = ProtoField.uint8("pcietlp.firstbe", "First DW BE", base.HEX, nil, 0x0F),
    address = ProtoField.uint64("pcietlp.address", "Address", base.HEX),
    ph = ProtoField.uint8("pcietlp.ph", "PH", base.DEC, nil, 0x03),
    register = ProtoField.uint16("pcietlp.register", "Register", base.HEX),
    status = ProtoField.uint8("pcietlp.status", "Completion Status", base.DEC, statuses, 0xE0),
    bcm = ProtoField.uint8("pcietlp.bcm", "BCM", base.DEC, nil, 0x10),
    bytecount = ProtoField.uint16("pcietlp.bytecount", "Byte Count"),
    loweraddress = ProtoField.uint8("pcietlp.loweraddress", "Lower Address", base.HEX, nil, 0x7F),
    code = ProtoField.uint8("pcietlp.message.code", "Message Code", base.HEX, messages),
    routing = ProtoField.uint8("pcietlp.message.routing", "Routing", base.DEC, routings, 0x07),
    vendor = ProtoField.bytes("pcietlp.message.bytes", "Bytes 8 to 15"),
    payload = ProtoField.bytes("pcietlp.payload", "Data"),
    digest = ProtoField.uint32("pcietlp.digest", "Digest (ECRC)", base.HEX),
    rest = ProtoField.bytes("pcietlp.rest", "Bytes after the TLP"),
    response_in = ProtoField.framenum("pcietlp.response_in", "Completed in", base.NONE, frametype.RESPONSE),
    response_to = ProtoField.framenum("pcietlp.response_to", "Completion of", base.NONE, frametype.REQUEST),
    time = ProtoField.relative_time("pcietlp.time", "Time since the request"),
}
tlp.fields = { t.name, t.fmt, t.type, t.t9, t.tc, t.t8, t.ido, t.ln, t.th, t.td, t.ep, t.ro, t.ns, t.at, t.length, t.requester, t.completer,
    t.target, t.tag, t.lastbe, t.firstbe, t.address, t.ph, t.register, t.status, t.bcm, t.bytecount, t.loweraddress, t.code, t.routing,
    t.vendor, t.payload, t.digest, t.rest, t.response_in, t.response_to, t.time }

local te = {
    short = ProtoExpert.new("pcietlp.short", "The TLP is shorter than its header says", expert.group.MALFORMED, expert.severity.ERROR),
    long = ProtoExpert.new("pcietlp.long", "There are bytes after the TLP", expert.group.MALFORMED, expert.severity.WARN),
    unknown = ProtoExpert.new("pcietlp.unknown", "Fmt and Type that PCIe 5.0 does not define", expert.group.MALFORMED, expert.severity.ERROR),
    poisoned = ProtoExpert.new("pcietlp.poisoned", "The data is poisoned (EP)", expert.group.RESPONSE_CODE, expert.severity.WARN),
    failed = ProtoExpert.new("pcietlp.failed", "The request failed", expert.group.RESPONSE_CODE, expert.severity.WARN),
    crosses = ProtoExpert.new("pcietlp.crosses4k", "The request crosses 4 KB", expert.group.PROTOCOL, expert.severity.ERROR),
    enables = ProtoExpert.new("pcietlp.badenables", "Byte enables against section 2.2.5", expert.group.PROTOCOL, expert.severity.ERROR),
    overfull = ProtoExpert.new("pcietlp.overfull", "More data than Byte Count", expert.group.PROTOCOL, expert.severity.ERROR),
    unexpected = ProtoExpert.new("pcietlp.unexpected", "No request in this file is answered by this completion", expert.group.SEQUENCE, expert.severity.NOTE),
    reused = ProtoExpert.new("pcietlp.tagreused", "The tag is used again before its completion", expert.group.SEQUENCE, expert.severity.WARN),
}
tlp.experts = { te.short, te.long, te.unknown, te.poisoned, te.failed, te.crosses, te.enables, te.overfull, te.unexpected, te.reused }

-- Requests that wait for completions, by stream, requester and tag; and what was matched, by frame and position in it. A frame is
-- dissected many times but matched only once, in the order of the file.
local waiting, matched

local function rid(value)
    return string.format("%02x:%02x.%x", bit.rshift(value, 8), bit.band(bit.rshift(value, 3), 31), bit.band(value, 7))
end

local function trailing_zeros(be)
    for i = 0, 3 do if bit.band(be, bit.lshift(1, i)) ~= 0 then return i end end
    return 0
end

local function leading_zeros(be)
    for i = 0, 3 do if bit.band(be, bit.rshift(8, i)) ~= 0 then return i end end
    return 0
end

local function byte_length(dws, first, last)
    if dws == 1 then
        if first == 0 then return 0 end
        return 4 - trailing_zeros(first) - leading_zeros(first)
    end
    return dws * 4 - trailing_zeros(first) - leading_zeros(last)
end

local function enables_are_legal(dws, first, last, aligned8)
    if dws == 1 then return last == 0 end
    if first == 0 or last == 0 then return false end
    if dws == 2 and aligned8 then return true end
    local f = { [8] = true, [12] = true, [14] = true, [15] = true }
    local l = { [1] = true, [3] = true, [7] = true, [15] = true }
    return (f[first] and l[last]) == true
end

local function match(stream, pinfo, key, name, requester, tag, tree)
    local id = stream .. "|" .. requester .. "|" .. tag
    if not pinfo.visited and matched[key] == nil then
        if name == "request" then
            local reused = waiting[id] ~= nil
            waiting[id] = { key = key, frame = pinfo.number, time = pinfo.abs_ts }
            matched[key] = { reused = reused }
        else
            local request = waiting[id]
            matched[key] = request and { request = request } or { unexpected = true }
            if request then matched[request.key].response = pinfo.number end
        end
    end
    return matched[key], id
end

local function show_match(found, tree, pinfo)
    if found == nil then return end
    if found.reused then tree:add_proto_expert_info(te.reused) end
    if found.response then tree:add(t.response_in, found.response):set_generated() end
    if found.request then
        tree:add(t.response_to, found.request.frame):set_generated()
        local delta = tonumber(pinfo.abs_ts) - tonumber(found.request.time)
        if delta < 0 then delta = 0 end
        local whole = math.floor(delta)
        tree:add(t.time, NSTime.new(whole, math.floor((delta - whole) * 1e9 + 0.5) % 1000000000)):set_generated()
    elseif found.unexpected then
        tree:add_proto_expert_info(te.unexpected)
    end
end

-- buf: exactly the TLP's bytes as they are there. stream: names the conversation for matching. at: position in the frame.
-- Returns one line that says what it is.
local function dissect_tlp(buf, pinfo, parent, stream, at, is_repeat)
    local have = buf:len()
    local tree = parent:add(tlp, buf)
    if have < 12 then
        tree:add_proto_expert_info(te.short, string.format("%d bytes; a header has at least 12", have))
        tree:append_text(", too short")
        return "TLP, too short"
    end

    local b0, b1, b2 = buf(0, 1):uint(), buf(1, 1):uint(), buf(2, 1):uint()
    local fmt, typ = bit.rshift(b0, 5), bit.band(b0, 0x1F)
    local name = type_names[b0]
    tree:add(t.name, buf(0, 1), name or "unknown"):set_generated()
    tree:add(t.fmt, buf(0, 1))
    local type_item = tree:add(t.type, buf(0, 1))
    type_item:append_text(" (" .. (name or "unknown") .. ")")
    if name == nil then tree:add_proto_expert_info(te.unknown) end
    tree:add(t.t9, buf(1, 1)); tree:add(t.tc, buf(1, 1)); tree:add(t.t8, buf(1, 1)); tree:add(t.ido, buf(1, 1)); tree:add(t.ln, buf(1, 1))
    tree:add(t.th, buf(1, 1)); tree:add(t.td, buf(2, 1))
    local ep = tree:add(t.ep, buf(2, 1))
    if bit.band(b2, 0x40) ~= 0 then ep:add_proto_expert_info(te.poisoned) end
    tree:add(t.ro, buf(2, 1)); tree:add(t.ns, buf(2, 1)); tree:add(t.at, buf(2, 1))
    local dws = bit.band(buf(2, 2):uint(), 0x3FF)
    local has_data = bit.band(b0, 0x40) ~= 0
    local is_message = typ >= 0x10 and typ <= 0x17
    if dws == 0 and not (is_message and not has_data) then dws = 1024 end
    local length_item = tree:add(t.length, buf(2, 2), dws)

    local header = bit.band(b0, 0x20) ~= 0 and 16 or 12
    local digest = bit.band(b2, 0x80) ~= 0 and 4 or 0
    local data = has_data and dws * 4 or 0
    local whole = header + data + digest
    if have < header then
        tree:add_proto_expert_info(te.short)
        return (name or "TLP") .. ", header cut short"
    end

    local tag_high = bit.bor(bit.lshift(bit.band(b1, 0x80), 2), bit.lshift(bit.band(b1, 0x08), 5))
    local text
    if name == nil then
        text = string.format("unknown TLP 0x%02x", b0)
    elseif typ == 0x0A or typ == 0x0B then
        local completer, requester, tag = rid(buf(4, 2):uint()), rid(buf(8, 2):uint()), tag_high + buf(10, 1):uint()
        tree:add(t.completer, buf(4, 2), completer)
        local status_item = tree:add(t.status, buf(6, 1))
        tree:add(t.bcm, buf(6, 1))
        local count = bit.band(buf(6, 2):uint(), 0xFFF)
        if count == 0 then count = 4096 end
        tree:add(t.bytecount, buf(6, 2), count)
        tree:add(t.requester, buf(8, 2), requester)
        tree:add(t.tag, buf(10, 1), tag)
        tree:add(t.loweraddress, buf(11, 1))
        local status = bit.rshift(buf(6, 1):uint(), 5)
        local short = status_short[status] or "reserved status"
        if status ~= 0 then status_item:add_proto_expert_info(te.failed, "The request failed: " .. (statuses[status] or "reserved status, counts as UR")) end
        local lower = bit.band(buf(11, 1):uint(), 3)
        if data > math.floor((lower + count + 3) / 4) * 4 then length_item:add_proto_expert_info(te.overfull) end
        text = string.format("%s %s to %s tag 0x%x %s", name, completer, requester, tag, short)
        if has_data then text = text .. string.format(" %d B, %d B left", data, count) end
        if not is_repeat then show_match(match(stream, pinfo, pinfo.number .. "." .. at, "completion", requester, tag), tree, pinfo) end
    elseif is_message then
        local requester = rid(buf(4, 2):uint())
        tree:add(t.requester, buf(4, 2), requester)
        tree:add(t.tag, buf(6, 1), tag_high + buf(6, 1):uint())
        tree:add(t.routing, buf(0, 1))
        tree:add(t.code, buf(7, 1))
        if bit.band(typ, 7) == 2 then tree:add(t.target, buf(8, 2), rid(buf(8, 2):uint())) end
        tree:add(t.vendor, buf(8, 8))
        local code = buf(7, 1):uint()
        text = string.format("%s %s %s", name, requester, messages[code] or string.format("code 0x%02x", code))
    else
        local requester, tag = rid(buf(4, 2):uint()), tag_high + buf(6, 1):uint()
        tree:add(t.requester, buf(4, 2), requester)
        tree:add(t.tag, buf(6, 1), tag)
        tree:add(t.lastbe, buf(7, 1))
        local enables_item = tree:add(t.firstbe, buf(7, 1))
        local first, last = bit.band(buf(7, 1):uint(), 15), bit.rshift(buf(7, 1):uint(), 4)
        local posted = name == "MWr"
        if typ == 0x04 or typ == 0x05 then
            local target, register = rid(buf(8, 2):uint()), bit.band(buf(10, 2):uint(), 0xFFC)
            tree:add(t.target, buf(8, 2), target)
            tree:add(t.register, buf(10, 2), register)
            text = string.format("%s %s tag 0x%x to %s register 0x%x", name, requester, tag, target, register)
            if dws ~= 1 or last ~= 0 then enables_item:add_proto_expert_info(te.enables) end
        else
            local address_buf = header == 16 and buf(8, 8) or buf(8, 4)
            local low = bit.band(buf(header - 4, 4):uint(), 0xFFFFFFFC)
            if low < 0 then low = low + 4294967296 end
            local address = header == 16 and UInt64.new(low, buf(8, 4):uint()) or UInt64.new(low, 0)
            tree:add(t.address, address_buf, address)
            tree:add(t.ph, buf(header - 1, 1))
            local implied = typ >= 0x0C or (typ == 0 and not has_data and bit.band(b1, 1) ~= 0)
            local bytes = implied and dws * 4 or byte_length(dws, first, last)
            local offset = implied and 0 or trailing_zeros(first)
            text = string.format("%s %s tag 0x%x 0x%s %d B", name, requester, tag, tostring((address + UInt64.new(offset, 0)):tohex()):gsub("^0+(%x)", "%1"), bytes)
            if posted then text = text:gsub(" tag 0x%x+", "", 1) end
            if typ == 0 or typ == 1 then
                if not implied and not enables_are_legal(dws, first, last, low % 8 == 0) then enables_item:add_proto_expert_info(te.enables) end
                if low % 4096 + dws * 4 > 4096 then length_item:add_proto_expert_info(te.crosses) end
            end
        end
        if not posted and not is_repeat then show_match(match(stream, pinfo, pinfo.number .. "." .. at, "request", requester, tag), tree, pinfo) end
    end

    if has_data then
        local there = math.min(data, have - header)
        if there > 0 then tree:add(t.payload, buf(header, there)) end
    end
    if have < whole then
        length_item:add_proto_expert_info(te.short, string.format("%d bytes of a TLP of %d", have, whole))
    else
        if digest > 0 then tree:add_le(t.digest, buf(header + data, 4)) end
        if have > whole then
            tree:add(t.rest, buf(whole)):add_proto_expert_info(te.long)
        end
    end
    if bit.band(b2, 0x40) ~= 0 then text = text .. " poisoned" end
    tree:append_text(", " .. text)
    return text
end

function tlp.dissector(buf, pinfo, tree)
    pinfo.cols.protocol = "PCIe TLP"
    pinfo.cols.info = dissect_tlp(buf, pinfo, tree, "alone", 0, false)
    return buf:len()
end

---------------------------------------------------------------------------------------------------------------- TLP interfaces

local tap = Proto("expether_tap", "ExpEther TLP capture")
local TAP = 28
local points = { [1] = "host side (Mem_H, VF_H, Host_H)", [2] = "device side (Mem_IO, VF_IO, Host_IO)" }
local directions = { [0] = "to the device", [1] = "to the host" }
local p = {
    version = ProtoField.uint8("expether_tap.version", "Version"),
    point = ProtoField.uint8("expether_tap.point", "Side of the swap", base.DEC, points),
    direction = ProtoField.uint8("expether_tap.direction", "Direction", base.DEC, directions),
    reserved = ProtoField.uint8("expether_tap.reserved", "Reserved", base.HEX),
    fn = ProtoField.uint16("expether_tap.function", "Function"),
    vlan = ProtoField.uint16("expether_tap.vlan", "VLAN"),
    generation = ProtoField.uint64("expether_tap.generation", "Generation"),
    host = ProtoField.ether("expether_tap.host", "Host bridge"),
    box = ProtoField.ether("expether_tap.box", "I/O bridge"),
}
tap.fields = { p.version, p.point, p.direction, p.reserved, p.fn, p.vlan, p.generation, p.host, p.box }
local tap_bad = ProtoExpert.new("expether_tap.bad", "Not a header of a TLP capture", expert.group.MALFORMED, expert.severity.ERROR)
tap.experts = { tap_bad }

function tap.dissector(buf, pinfo, root)
    pinfo.cols.protocol = "PCIe TLP"
    local tree = root:add(tap, buf(0, math.min(TAP, buf:len())))
    if buf:len() < TAP or buf(0, 1):uint() ~= TAP_VERSION then
        tree:add_proto_expert_info(tap_bad)
        pinfo.cols.info = "not a TLP capture"
        return buf:len()
    end
    tree:add(p.version, buf(0, 1)); tree:add(p.point, buf(1, 1)); tree:add(p.direction, buf(2, 1)); tree:add(p.reserved, buf(3, 1))
    tree:add_le(p.fn, buf(4, 2)); tree:add_le(p.vlan, buf(6, 2)); tree:add_le(p.generation, buf(8, 8))
    tree:add(p.host, buf(16, 6)); tree:add(p.box, buf(22, 6))
    local point, direction = buf(1, 1):uint(), buf(2, 1):uint()
    local host, box = tostring(buf(16, 6):ether()), tostring(buf(22, 6):ether())
    if direction == 0 then
        pinfo.cols.src, pinfo.cols.dst = host, "function " .. buf(4, 2):le_uint()
    else
        pinfo.cols.src, pinfo.cols.dst = "function " .. buf(4, 2):le_uint(), host
    end
    if buf:len() == TAP then
        tree:add_proto_expert_info(tap_bad, "No TLP follows")
        pinfo.cols.info = "no TLP"
        return TAP
    end
    -- On the device's side IDs are unique in the box; on the host's side within a VLAN.
    local stream = "tap" .. point .. (point == 1 and tostring(buf(6, 2):le_uint()) or "") .. "|" .. box
    pinfo.cols.info = (direction == 0 and "> " or "< ") .. dissect_tlp(buf(TAP):tvb("TLP"), pinfo, root, stream, 0, false)
    return buf:len()
end

---------------------------------------------------------------------------------------------------------------- link frames

local link = Proto("expether", "ExpEther link")
local f = {
    version = ProtoField.uint8("expether.version", "Version"),
    type = ProtoField.uint8("expether.type", "Type", base.DEC, types),
    flags = ProtoField.uint8("expether.flags", "Flags", base.HEX),
    sealed = ProtoField.bool("expether.flags.sealed", "Sealed", 8, nil, 0x01),
    echo = ProtoField.bool("expether.flags.echo", "Echo", 8, nil, 0x02),
    path = ProtoField.uint8("expether.path", "Path"),
    length = ProtoField.uint16("expether.length", "Length"),
    echodelay = ProtoField.uint16("expether.echodelay", "EchoDelay, in us"),
    epoch = ProtoField.uint32("expether.epoch", "Epoch"),
    timestamp = ProtoField.uint32("expether.timestamp", "Timestamp, in us"),
    framenumber = ProtoField.uint64("expether.framenumber", "FrameNumber"),
    sequence = ProtoField.uint64("expether.sequence", "RecordSequence"),
    ack = ProtoField.uint64("expether.ack", "Acknowledgement"),
    timestampecho = ProtoField.uint32("expether.timestampecho", "TimestampEcho, in us"),
    frameecho = ProtoField.uint32("expether.frameecho", "FrameEcho"),
    sackoffset = ProtoField.uint16("expether.sack.offset", "SelectiveAck offset"),
    sackcount = ProtoField.uint16("expether.sack.count", "SelectiveAck count"),
    body = ProtoField.bytes("expether.sealedbody", "Sealed records"),
    tag = ProtoField.bytes("expether.tag", "Tag"),
    crc = ProtoField.uint32("expether.crc", "CRC-32C", base.HEX),
    padding = ProtoField.bytes("expether.padding", "Padding"),
    rest = ProtoField.bytes("expether.rest", "Bytes that are not understood"),
    -- records
    kind = ProtoField.uint8("expether.record.kind", "Kind", base.DEC, kinds),
    info = ProtoField.uint8("expether.record.info", "Info", base.DEC),
    class = ProtoField.uint8("expether.record.class", "Class", base.DEC, classes),
    rlength = ProtoField.uint16("expether.record.length", "Length"),
    rsequence = ProtoField.uint64("expether.record.sequence", "Sequence"),
    fn = ProtoField.uint16("expether.tlp.function", "Function"),
    reserved = ProtoField.uint16("expether.tlp.reserved", "Reserved", base.HEX),
    generation = ProtoField.uint64("expether.tlp.generation", "Generation"),
    control = ProtoField.bytes("expether.control", "Control message"),
    controlkind = ProtoField.uint8("expether.control.kind", "Control kind"),
    hint = ProtoField.bytes("expether.hint", "Hint"),
    ph = ProtoField.uint32("expether.credits.ph", "PostedHeaders"),
    pd = ProtoField.uint32("expether.credits.pd", "PostedData"),
    nph = ProtoField.uint32("expether.credits.nph", "NonPostedHeaders"),
    npd = ProtoField.uint32("expether.credits.npd", "NonPostedData"),
    ch = ProtoField.uint32("expether.credits.ch", "CompletionHeaders"),
    cd = ProtoField.uint32("expether.credits.cd", "CompletionData"),
    -- set-up and announcement
    nonce = ProtoField.bytes("expether.setup.nonce", "Nonce"),
    challenge = ProtoField.bytes("expether.setup.challenge", "Challenge"),
    publickey = ProtoField.bytes("expether.setup.publickey", "PublicKey"),
    incarnation = ProtoField.uint64("expether.setup.incarnation", "Incarnation", base.HEX),
    creserved = ProtoField.uint32("expether.challenge.reserved", "Reserved", base.HEX),
    features = ProtoField.uint32("expether.features", "Features", base.HEX),
    fsack = ProtoField.bool("expether.features.selectiveack", "SelectiveAck", 32, nil, 0x1),
    fhints = ProtoField.bool("expether.features.hints", "Hints", 32, nil, 0x2),
    known = ProtoField.uint32("expether.setup.knownepoch", "KnownEpoch"),
    mtu = ProtoField.uint16("expether.setup.mtu", "MtuBytes"),
    window = ProtoField.uint16("expether.setup.window", "WindowRecords"),
    vmin = ProtoField.uint8("expether.setup.versionmin", "VersionMin"),
    vmax = ProtoField.uint8("expether.setup.versionmax", "VersionMax"),
    namebytes = ProtoField.uint8("expether.namebytes", "NameBytes"),
    sreserved = ProtoField.uint8("expether.setup.reserved", "Reserved", base.HEX),
    zeros = ProtoField.bytes("expether.setup.zeros", "Zeros to the MTU that is tried"),
    epochmtu = ProtoField.uint16("expether.mtu", "MTU of the epoch"),
    name = ProtoField.string("expether.name", "Name", base.UNICODE),
    slots = ProtoField.uint16("expether.announce.slots", "Slots"),
    wantsseal = ProtoField.uint8("expether.announce.wantsseal", "WantsSeal", base.DEC, yesno),
    first = ProtoField.framenum("expether.firstsent", "First sent in", base.NONE, frametype.RETRANS_PREV),
}
local link_fields = {}
for _, field in pairs(f) do link_fields[#link_fields + 1] = field end
link.fields = link_fields

local e = {
    short = ProtoExpert.new("expether.short", "The frame is shorter than it says", expert.group.MALFORMED, expert.severity.ERROR),
    length = ProtoExpert.new("expether.badlength", "A length that does not fit", expert.group.MALFORMED, expert.severity.ERROR),
    version = ProtoExpert.new("expether.badversion", "A version that is not known here", expert.group.PROTOCOL, expert.severity.WARN),
    type = ProtoExpert.new("expether.badtype", "A frame type that is not known here", expert.group.PROTOCOL, expert.severity.WARN),
    kind = ProtoExpert.new("expether.badkind", "A record kind that is not known here", expert.group.PROTOCOL, expert.severity.WARN),
    sealed = ProtoExpert.new("expether.issealed", "Sealed: what is inside cannot be shown", expert.group.UNDECODED, expert.severity.CHAT),
    retransmission = ProtoExpert.new("expether.retransmission", "Retransmission", expert.group.SEQUENCE, expert.severity.NOTE),
    gap = ProtoExpert.new("expether.sack", "Records are missing at the receiver", expert.group.SEQUENCE, expert.severity.NOTE),
    replay = ProtoExpert.new("expether.replay", "This frame number was there before: a duplicate, or the same frame seen at two places", expert.group.SEQUENCE, expert.severity.NOTE),
    reset = ProtoExpert.new("expether.reset", "The sender has ended the epoch", expert.group.SEQUENCE, expert.severity.WARN),
    stale = ProtoExpert.new("expether.stale", "The responder does not know this epoch", expert.group.SEQUENCE, expert.severity.WARN),
}
link.experts = { e.short, e.length, e.version, e.type, e.kind, e.sealed, e.retransmission, e.gap, e.replay, e.reset, e.stale }

local sequences, frames, verdicts

local function forget()
    sequences, frames, verdicts = {}, {}, {}
    waiting, matched = {}, {}
end
link.init = forget
forget()

local function add_features(tree, buf)
    local item = tree:add_le(f.features, buf)
    item:add_le(f.fsack, buf); item:add_le(f.fhints, buf)
end

local function add_credits(tree, buf)
    tree:add_le(f.ph, buf(0, 4)); tree:add_le(f.pd, buf(4, 4)); tree:add_le(f.nph, buf(8, 4)); tree:add_le(f.npd, buf(12, 4))
    tree:add_le(f.ch, buf(16, 4)); tree:add_le(f.cd, buf(20, 4))
end

local function add_name(tree, buf, at, limit, bytes)
    if bytes > 64 or at + bytes > limit then
        tree:add_proto_expert_info(e.length, "NameBytes does not fit")
        return ""
    end
    if bytes == 0 then return "" end
    tree:add(f.name, buf(at, bytes))
    return buf(at, bytes):string(ENC_UTF_8)
end

local function add_setup(tree, buf, limit, length)
    if limit < 208 then
        tree:add_proto_expert_info(e.length, "Too short for a set-up frame")
        return ""
    end
    tree:add(f.nonce, buf(64, 16)); tree:add(f.challenge, buf(80, 16)); tree:add(f.publickey, buf(96, 64)); tree:add_le(f.incarnation, buf(160, 8))
    add_features(tree, buf(168, 4))
    tree:add_le(f.known, buf(172, 4))
    add_credits(tree:add(link, buf(176, 24), "First credits"), buf(176, 24))
    tree:add_le(f.mtu, buf(200, 2)); tree:add_le(f.window, buf(202, 2))
    tree:add(f.vmin, buf(204, 1)); tree:add(f.vmax, buf(205, 1)); tree:add(f.namebytes, buf(206, 1)); tree:add(f.sreserved, buf(207, 1))
    local name = add_name(tree, buf, 208, limit, buf(206, 1):uint())
    local zeros = 208 + buf(206, 1):uint()
    if zeros < limit then tree:add(f.zeros, buf(zeros, limit - zeros)) end
    if length < 1024 then tree:add_proto_expert_info(e.length, "A set-up frame has at least 1024 bytes") end
    return string.format(" from '%s', MTU %d, tries %d", name, buf(200, 2):le_uint(), length)
end

local function add_challenge(tree, buf, limit)
    if limit < 104 then
        tree:add_proto_expert_info(e.length, "Too short for HELLO or CHALLENGE")
        return
    end
    tree:add(f.nonce, buf(64, 16)); tree:add(f.challenge, buf(80, 16)); tree:add_le(f.known, buf(96, 4)); tree:add_le(f.creserved, buf(100, 4))
end

local function add_announcement(tree, buf, limit)
    if limit < 72 then
        tree:add_proto_expert_info(e.length, "Too short for an announcement")
        return ""
    end
    add_features(tree, buf(64, 4))
    tree:add_le(f.slots, buf(68, 2)); tree:add(f.wantsseal, buf(70, 1)); tree:add(f.namebytes, buf(71, 1))
    return string.format(" '%s', %d slots", add_name(tree, buf, 72, limit, buf(71, 1):uint()), buf(68, 2):le_uint())
end

-- Decides once, in the file's order, which records were seen before: by direction, epoch and sequence.
local function judge(pinfo, id, key, sequence)
    if verdicts[key] == nil then
        local seen = id .. "|" .. sequence
        if sequences[seen] and sequences[seen] ~= pinfo.number then
            verdicts[key] = sequences[seen]
        else
            sequences[seen] = pinfo.number
            verdicts[key] = 0
        end
    end
    return verdicts[key]
end

local function add_records(tree, buf, limit, pinfo, conversation, direction, epoch, is_replay)
    local at, n = HEADER, 0
    local first = buf(24, 8):le_uint64()
    local texts, repeats = {}, 0
    while at < limit do
        if at + 4 > limit then
            tree:add(f.rest, buf(at, limit - at)):add_proto_expert_info(e.length, "A record's prefix does not fit")
            break
        end
        local kind, info, length = buf(at, 1):uint(), buf(at + 1, 1):uint(), buf(at + 2, 2):le_uint()
        local bytes = math.min(4 + length, limit - at)
        local record = tree:add(link, buf(at, bytes), "Record: " .. (kinds[kind] or string.format("kind %d", kind)))
        record:add(f.kind, buf(at, 1))
        record:add(kind == 1 and f.class or f.info, buf(at + 1, 1))
        local length_item = record:add_le(f.rlength, buf(at + 2, 2))
        local first_in = 0
        if kind < 128 then
            local sequence = first + n
            n = n + 1
            record:add(f.rsequence, buf(24, 8), sequence):set_generated()
            first_in = judge(pinfo, conversation .. direction .. "|" .. epoch, pinfo.number .. "." .. at, tostring(sequence))
            if first_in ~= 0 then
                record:add(f.first, first_in):set_generated()
                if not is_replay then
                    repeats = repeats + 1
                    record:add_proto_expert_info(e.retransmission, string.format("Retransmission of a record of frame %d", first_in))
                end
            end
        end
        if at + 4 + length > limit then
            length_item:add_proto_expert_info(e.length, string.format("%d bytes, but the frame has %d more", length, limit - at - 4))
            break
        end
        if kind == 1 then
            if length < 12 + 12 then
                length_item:add_proto_expert_info(e.length, "Too short for a TLP")
            else
                record:add_le(f.fn, buf(at + 4, 2)); record:add_le(f.reserved, buf(at + 6, 2)); record:add_le(f.generation, buf(at + 8, 8))
                texts[#texts + 1] = dissect_tlp(buf(at + 16, length - 12):tvb("TLP"), pinfo, record, conversation, at, first_in ~= 0)
            end
        elseif kind == 2 then
            if length == 0 or length > 512 then length_item:add_proto_expert_info(e.length, "A control message has 1 to 512 bytes") end
            if length > 0 then
                record:add(f.control, buf(at + 4, length))
                record:add(f.controlkind, buf(at + 4, 1))
            end
            texts[#texts + 1] = "Control"
        elseif kind == 129 then
            if length == 24 then add_credits(record, buf(at + 4, 24)) else length_item:add_proto_expert_info(e.length, "A credit record has 24 bytes") end
            texts[#texts + 1] = "Credits"
        elseif kind == 130 then
            if length == 0 or length > 64 then length_item:add_proto_expert_info(e.length, "A hint has 1 to 64 bytes") end
            if length > 0 then record:add(f.hint, buf(at + 4, length)) end
            texts[#texts + 1] = "Hint"
        elseif kind == 131 then
            if length == 2 then
                record:add_le(f.epochmtu, buf(at + 4, 2))
                texts[#texts + 1] = string.format("Mtu %d", buf(at + 4, 2):le_uint())
            else
                length_item:add_proto_expert_info(e.length, "An MTU record has 2 bytes")
            end
        else
            record:add_proto_expert_info(e.kind)
            if length > 0 then record:add(f.rest, buf(at + 4, length)) end
        end
        at = at + 4 + length
    end
    return texts, repeats
end

local function dissect_frame(buf, pinfo, root, source, destination, vlan)
    pinfo.cols.protocol = "ExpEther"
    local have = buf:len()
    local tree = root:add(link, buf)
    if have < HEADER then
        tree:add_proto_expert_info(e.short, string.format("%d bytes; the header has %d", have, HEADER))
        pinfo.cols.info = "too short"
        return
    end

    local version, kind, flags = buf(0, 1):uint(), buf(1, 1):uint(), buf(2, 1):uint()
    local version_item = tree:add(f.version, buf(0, 1))
    local type_item = tree:add(f.type, buf(1, 1))
    local flag_item = tree:add(f.flags, buf(2, 1))
    flag_item:add(f.sealed, buf(2, 1)); flag_item:add(f.echo, buf(2, 1))
    tree:add(f.path, buf(3, 1))
    local length_item = tree:add_le(f.length, buf(4, 2))
    tree:add_le(f.echodelay, buf(6, 2)); tree:add_le(f.epoch, buf(8, 4)); tree:add_le(f.timestamp, buf(12, 4))
    tree:add_le(f.framenumber, buf(16, 8)); tree:add_le(f.sequence, buf(24, 8)); tree:add_le(f.ack, buf(32, 8))
    tree:add_le(f.timestampecho, buf(40, 4)); tree:add_le(f.frameecho, buf(44, 4))
    local name = types[kind] or string.format("type %d", kind)
    local epoch, number = buf(8, 4):le_uint(), buf(16, 8):le_uint64()
    local text = name
    if epoch ~= 0 then text = text .. string.format(" epoch %d", epoch) end
    if kind ~= 5 then text = text .. " frame " .. tostring(number) end

    if version ~= (kind == 5 and ANNOUNCEMENT_VERSION or VERSION) then version_item:add_proto_expert_info(e.version) end
    if types[kind] == nil then type_item:add_proto_expert_info(e.type) end

    local ranges = 0
    for i = 0, 3 do
        local range = buf(48 + i * 4, 4)
        if range(2, 2):le_uint() == 0 then break end
        tree:add_le(f.sackoffset, range(0, 2)); tree:add_le(f.sackcount, range(2, 2))
        ranges = ranges + 1
    end
    if ranges > 0 then tree:add_proto_expert_info(e.gap, string.format("Records from %s on are missing at the sender of this frame, %d later range(s) are not", tostring(buf(32, 8):le_uint64()), ranges)) end

    local length = buf(4, 2):le_uint()
    local sealed = bit.band(flags, 1) ~= 0
    local tag = (sealed and kind ~= 5) and 16 or 4
    if length < HEADER + tag then
        length_item:add_proto_expert_info(e.length, string.format("%d bytes are not even header and tag", length))
        pinfo.cols.info = text .. ", bad length"
        return
    end
    local is_whole = length <= have
    local limit = is_whole and length - tag or have
    if not is_whole then length_item:add_proto_expert_info(e.short, string.format("%d bytes, but %d are there", length, have)) end

    local pair = { source, destination }
    table.sort(pair)
    local conversation = "link" .. vlan .. "|" .. pair[1] .. "|" .. pair[2] .. "|"
    local is_replay = false
    if kind == 0 or kind == 4 then
        local key = pinfo.number .. "."
        local id = conversation .. source .. "|" .. epoch .. "|" .. buf(3, 1):uint() .. "|" .. tostring(number)
        if frames[id] == nil then frames[id] = pinfo.number end
        is_replay = frames[id] ~= pinfo.number
        if is_replay then tree:add_proto_expert_info(e.replay, string.format("The same frame number as in frame %d", frames[id])) end
    end

    if kind == 0 or kind == 4 then
        if sealed then
            if limit > HEADER then
                local body = tree:add(f.body, buf(HEADER, limit - HEADER))
                body:add_proto_expert_info(e.sealed)
                text = text .. string.format(", sealed, %d B", limit - HEADER)
            else
                text = text .. ", sealed, no records"
            end
        else
            local texts, repeats = add_records(tree, buf, limit, pinfo, conversation, source, epoch, is_replay)
            if #texts > 0 then text = text .. ": " .. table.concat(texts, "; ") end
            if repeats > 0 then text = text .. " [retransmission]" end
        end
        if kind == 4 then type_item:add_proto_expert_info(e.reset) end
    elseif kind == 1 or kind == 2 then
        text = text .. add_setup(tree, buf, limit, length)
    elseif kind == 3 then
        type_item:add_proto_expert_info(e.stale)
    elseif kind == 5 then
        text = text .. add_announcement(tree, buf, limit)
    elseif kind == 6 or kind == 7 then
        add_challenge(tree, buf, limit)
    end

    if is_whole then
        if tag == 4 then tree:add_le(f.crc, buf(limit, 4)) else tree:add(f.tag, buf(limit, tag)) end
        if have > length then tree:add(f.padding, buf(length)) end
    end
    pinfo.cols.info = text
    tree:append_text(", " .. text)
end

local function bytes_to_text(range)
    return tostring(range:ether())
end

local dl_src, dl_dst, vlan_id = Field.new("eth.src"), Field.new("eth.dst"), Field.new("vlan.id")

function link.dissector(buf, pinfo, root)
    -- Over Ethernet: header and tag have been taken off by those who called. The last of each is ours (a datagram has two).
    local function last(field)
        local all = { field() }
        return #all > 0 and tostring(all[#all].value) or ""
    end
    dissect_frame(buf, pinfo, root, last(dl_src), last(dl_dst), last(vlan_id))
    return buf:len()
end

---------------------------------------------------------------------------------------------------------------- UDP

local udp = Proto("expether_udp", "ExpEther over UDP")
local u = {
    dst = ProtoField.ether("expether_udp.dst", "Destination"),
    src = ProtoField.ether("expether_udp.src", "Source"),
    vlan = ProtoField.uint16("expether_udp.vlan", "VLAN", base.DEC, nil, 0x0FFF),
    ethertype = ProtoField.uint16("expether_udp.type", "EtherType", base.HEX),
}
udp.fields = { u.dst, u.src, u.vlan, u.ethertype }
udp.prefs.heuristic = Pref.bool("Recognise by content", true, "Take datagrams that hold whole ExpEther frames for what they are")
local udp_short = ProtoExpert.new("expether_udp.short", "Too short for an Ethernet header", expert.group.MALFORMED, expert.severity.ERROR)
udp.experts = { udp_short }

function udp.dissector(buf, pinfo, root)
    pinfo.cols.protocol = "ExpEther"
    local tree = root:add(udp, buf(0, math.min(18, buf:len())))
    if buf:len() < 14 then
        tree:add_proto_expert_info(udp_short)
        return buf:len()
    end
    local at, vlan = 12, ""
    tree:add(u.dst, buf(0, 6)); tree:add(u.src, buf(6, 6))
    if buf(12, 2):uint() == 0x8100 and buf:len() >= 18 then
        tree:add(u.vlan, buf(14, 2))
        vlan = tostring(bit.band(buf(14, 2):uint(), 0xFFF))
        at = 16
    end
    tree:add(u.ethertype, buf(at, 2))
    if buf:len() == at + 2 then
        tree:add_proto_expert_info(udp_short, "Nothing follows the Ethernet header")
        return buf:len()
    end
    dissect_frame(buf(at + 2):tvb("ExpEther frame"), pinfo, root, bytes_to_text(buf(6, 6)), bytes_to_text(buf(0, 6)), vlan)
    return buf:len()
end

-- A whole frame of ours: Ethernet header, maybe a tag, 0x88B5, a version and type that exist, a length that fits.
local function looks_like_ours(buf, pinfo, root)
    if not udp.prefs.heuristic or buf:len() < 14 + HEADER then return false end
    local at = buf(12, 2):uint() == 0x8100 and 16 or 12
    if buf(at, 2):uint() ~= 0x88B5 or buf:len() < at + 2 + HEADER then return false end
    local frame = buf(at + 2)
    local version = frame(1, 1):uint() == 5 and ANNOUNCEMENT_VERSION or VERSION
    if frame(0, 1):uint() ~= version or frame(1, 1):uint() > 7 or frame(4, 2):le_uint() > frame:len() then return false end
    udp.dissector(buf, pinfo, root)
    return true
end

DissectorTable.get("ethertype"):add(0x88B5, link)
DissectorTable.get("udp.port"):add_for_decode_as(udp)
udp:register_heuristic("udp", looks_like_ours)
DissectorTable.get("wtap_encap"):add(wtap.USER0, tap)
DissectorTable.get("wtap_encap"):add(wtap.USER1, tlp)
