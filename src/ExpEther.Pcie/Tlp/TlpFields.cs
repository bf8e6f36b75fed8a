using System.Buffers.Binary;

namespace ExpEther.Pcie.Tlp;

/// <summary>
/// Every field of a TLP's header, named as in PCIe 5.0 §2.2 , for people. It goes by
/// Fmt and Type alone and shows what is there, right or wrong: whether the whole is a TLP, <see cref="TlpView.TryParse"/> says.
/// </summary>
public static class TlpFields
{
    private const uint Fmt4Dw = 1;
    private const uint FmtData = 2;

    /// <param name="tlp">Any bytes. A header that is cut short shows the DWs that are whole.</param>
    public static IReadOnlyList<TlpField> Of(ReadOnlySpan<byte> tlp)
    {
        var fields = new List<TlpField>();
        if (tlp.Length < 4)
        {
            return fields;
        }

        var dw0 = Dw(tlp, 0);
        var fmt = dw0 >> 29;
        var type = (dw0 >> 24) & 0x1F;
        AddFirst(fields, dw0, fmt, type);
        var headerDw = (fmt & Fmt4Dw) != 0 ? 4 : 3;
        for (var i = 1; i < headerDw && tlp.Length >= (i + 1) * 4; i++)
        {
            AddRest(fields, i, Dw(tlp, i), fmt, type, dw0);
        }

        return fields;
    }

    private static void AddFirst(List<TlpField> fields, uint dw, uint fmt, uint type)
    {
        Add(fields, 0, dw, 31, 29, "Fmt", fmt switch
        {
            0 => "3 DW header, no data",
            1 => "4 DW header, no data",
            2 => "3 DW header, with data",
            3 => "4 DW header, with data",
            4 => "TLP prefix",
            _ => "reserved",
        });
        Add(fields, 0, dw, 28, 24, "Type", TypeName(fmt, type));
        Add(fields, 0, dw, 23, 23, "T9", "");
        Add(fields, 0, dw, 22, 20, "TC", "");
        Add(fields, 0, dw, 19, 19, "T8", "");
        Add(fields, 0, dw, 18, 18, "Attr[2]", Bit(dw, 18) ? "ID-based ordering" : "");
        Add(fields, 0, dw, 17, 17, "LN", "");
        Add(fields, 0, dw, 16, 16, "TH", Bit(dw, 16) ? "processing hints" : "");
        Add(fields, 0, dw, 15, 15, "TD", Bit(dw, 15) ? "a digest follows" : "");
        Add(fields, 0, dw, 14, 14, "EP", Bit(dw, 14) ? "the data is poisoned" : "");
        Add(fields, 0, dw, 13, 12, "Attr[1:0]", ((dw >> 12) & 3) switch
        {
            1 => "no snoop",
            2 => "relaxed ordering",
            3 => "relaxed ordering, no snoop",
            _ => "",
        });
        Add(fields, 0, dw, 11, 10, "AT", ((dw >> 10) & 3) switch
        {
            0 => "",
            1 => "translation request",
            2 => "translated",
            _ => "reserved",
        });
        Add(fields, 0, dw, 9, 0, "Length", (dw & 0x3FF) == 0 && (fmt & FmtData) == 0 && IsMessage(type) ? "" : $"{((dw & 0x3FF) == 0 ? 1024 : dw & 0x3FF)} DW");
    }

    private static void AddRest(List<TlpField> fields, int i, uint dw, uint fmt, uint type, uint dw0)
    {
        if (type == 0b01010)
        {
            AddCompletion(fields, i, dw, dw0);
        }
        else if (i == 1)
        {
            AddRequester(fields, dw, type, dw0);
        }
        else if (IsMessage(type))
        {
            AddMessage(fields, i, dw, type);
        }
        else if (type is 0b00100 or 0b00101)
        {
            AddRid(fields, i, dw, 31, "Bus, Device, Function Number");
            Add(fields, i, dw, 15, 12, "Reserved", "");
            Add(fields, i, dw, 11, 8, "Extended Register Number", "");
            Add(fields, i, dw, 7, 2, "Register Number", $"register 0x{dw & 0xFFC:x}");
            Add(fields, i, dw, 1, 0, "Reserved", "");
        }
        else if (i == 2 && (fmt & Fmt4Dw) != 0)
        {
            Add(fields, i, dw, 31, 0, "Address[63:32]", "");
        }
        else
        {
            Add(fields, i, dw, 31, 2, "Address[31:2]", $"0x{dw & ~3U:x}");
            Add(fields, i, dw, 1, 0, "PH", "");
        }
    }

    private static void AddRequester(List<TlpField> fields, uint dw, uint type, uint dw0)
    {
        AddRid(fields, 1, dw, 31, "Requester ID");
        AddTag(fields, 1, dw, dw0);
        if (IsMessage(type))
        {
            Add(fields, 1, dw, 7, 0, "Message Code", Enum.IsDefined((MessageCode)(byte)dw) ? $"{(MessageCode)(byte)dw}" : "");
            return;
        }

        Add(fields, 1, dw, 7, 4, "Last DW BE", "");
        Add(fields, 1, dw, 3, 0, "First DW BE", "");
    }

    private static void AddMessage(List<TlpField> fields, int i, uint dw, uint type)
    {
        if (i == 2 && (type & 7) == (int)MessageRouting.ById)
        {
            AddRid(fields, i, dw, 31, "Bus, Device, Function Number");
            Add(fields, i, dw, 15, 0, "Vendor ID or Reserved", "");
        }
        else if ((type & 7) == (int)MessageRouting.ByAddress)
        {
            Add(fields, i, dw, 31, 0, i == 2 ? "Address[63:32]" : "Address[31:0]", "");
        }
        else
        {
            Add(fields, i, dw, 31, 0, i == 2 ? "Bytes 8 to 11" : "Bytes 12 to 15", "");
        }
    }

    private static void AddCompletion(List<TlpField> fields, int i, uint dw, uint dw0)
    {
        if (i == 1)
        {
            AddRid(fields, i, dw, 31, "Completer ID");
            Add(fields, i, dw, 15, 13, "Completion Status", (dw >> 13 & 7) switch
            {
                0 => "Successful Completion (SC)",
                1 => "Unsupported Request (UR)",
                2 => "Configuration Request Retry Status (CRS)",
                4 => "Completer Abort (CA)",
                _ => "reserved, counts as UR",
            });
            Add(fields, i, dw, 12, 12, "BCM", "");
            Add(fields, i, dw, 11, 0, "Byte Count", $"{((dw & 0xFFF) == 0 ? 4096 : dw & 0xFFF)} B");
        }
        else if (i == 2)
        {
            AddRid(fields, i, dw, 31, "Requester ID");
            AddTag(fields, i, dw, dw0);
            Add(fields, i, dw, 7, 7, "Reserved", "");
            Add(fields, i, dw, 6, 0, "Lower Address", $"0x{dw & 0x7F:x}");
        }
        else
        {
            Add(fields, i, dw, 31, 0, "Reserved", "");
        }
    }

    private static string TypeName(uint fmt, uint type)
    {
        var data = (fmt & FmtData) != 0;
        return (type, fmt) switch
        {
            (_, 4) => (type & 0x10) != 0 ? "end-end prefix" : "local prefix",
            ( > 0b10111, _) or (_, > 4) => "reserved",
            (0b00000, _) => data ? "MWr, memory write" : "MRd, memory read",
            (0b00001, _) => "MRdLk, locked memory read",
            (0b00010, _) => data ? "IOWr, I/O write" : "IORd, I/O read",
            (0b00100, _) => data ? "CfgWr0, configuration write type 0" : "CfgRd0, configuration read type 0",
            (0b00101, _) => data ? "CfgWr1, configuration write type 1" : "CfgRd1, configuration read type 1",
            (0b01010, _) => data ? "CplD, completion with data" : "Cpl, completion",
            (0b01011, _) => data ? "CplDLk, locked completion with data" : "CplLk, locked completion",
            (0b01100, _) => "FetchAdd",
            (0b01101, _) => "Swap",
            (0b01110, _) => "CAS, compare and swap",
            ( >= 0b10000, _) => $"{(data ? "MsgD, message with data" : "Msg, message")}, {Routing(type & 7)}",
            _ => "reserved",
        };
    }

    private static string Routing(uint r) => r switch
    {
        0 => "to the root complex",
        1 => "by address",
        2 => "by ID",
        3 => "broadcast from the root complex",
        4 => "local",
        5 => "gathered to the root complex",
        _ => "reserved routing",
    };

    private static bool IsMessage(uint type) => type is >= 0b10000 and <= 0b10111;

    private static void AddRid(List<TlpField> fields, int i, uint dw, int high, string name) =>
        Add(fields, i, dw, high, high - 15, name, $"{new Rid((ushort)(dw >> (high - 15)))}");

    private static void AddTag(List<TlpField> fields, int i, uint dw, uint dw0)
    {
        var high = ((dw0 >> 14) & 0x200) | ((dw0 >> 11) & 0x100);
        Add(fields, i, dw, 15, 8, "Tag", high == 0 ? "" : $"with T9 and T8: 0x{high | ((dw >> 8) & 0xFF):x}");
    }

    private static void Add(List<TlpField> fields, int i, uint dw, int high, int low, string name, string meaning) =>
        fields.Add(new TlpField(i, high, low, name, (uint)((dw >> low) & ((1UL << (high - low + 1)) - 1)), meaning));

    private static bool Bit(uint dw, int bit) => ((dw >> bit) & 1) != 0;

    private static uint Dw(ReadOnlySpan<byte> tlp, int i) => BinaryPrimitives.ReadUInt32BigEndian(tlp[(i * 4)..]);
}
