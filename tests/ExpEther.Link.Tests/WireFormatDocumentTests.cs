using System.Globalization;
using System.Reflection;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Sealing;
using ExpEther.Link.Tests.Network;
using ExpEther.Link.Wire;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Link.Tests;

/// <summary>docs/wire-format.md says what the code does: its tables and examples are read and compared.</summary>
public class WireFormatDocumentTests
{
    private static readonly string[] Document = File.ReadAllLines(Path.Combine(RepositoryFolder.Root, "docs", "wire-format.md"));

    [Theory]
    [InlineData(typeof(FrameLayout))]
    [InlineData(typeof(RecordLayout))]
    [InlineData(typeof(TlpRecordLayout))]
    [InlineData(typeof(CreditRecordLayout))]
    [InlineData(typeof(MtuRecordLayout))]
    [InlineData(typeof(ChallengeLayout))]
    [InlineData(typeof(SetupLayout))]
    [InlineData(typeof(AnnouncementLayout))]
    public void Layout_tables_are_the_codes_offsets_without_a_gap(Type layout)
    {
        var documented = Table($"layout: {layout.Name}").ToList();
        var offset = 0;
        foreach (var row in documented)
        {
            Assert.Equal(offset, Number(row[0]));
            Assert.Equal(Constant(layout, row[2]), Number(row[0]));
            offset += Number(row[1]);
        }

        Assert.Equal(Constant(layout, "Bytes"), offset);

        // Every offset constant is in the table; sizes and versions are not offsets.
        string[] notOffsets = ["Bytes", "CurrentVersion", "AnnouncementVersion", "NonceBytes", "ChallengeBytes", "PublicKeyBytes"];
        var inCode = layout.GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => f.Name).Except(notOffsets);
        Assert.Equal(inCode.Order(), documented.Select(r => r[2]).Order());
    }

    [Theory]
    [InlineData(typeof(FrameType))]
    [InlineData(typeof(FrameFlags))]
    [InlineData(typeof(RecordKind))]
    [InlineData(typeof(LinkFeatures))]
    public void Value_tables_are_the_codes_enumerations(Type type)
    {
        var documented = Table($"enum: {type.Name}").Select(r => (Number(r[0]), r[1]));
        var inCode = Enum.GetNames(type).Select(n => (Convert.ToInt32(Enum.Parse(type, n), CultureInfo.InvariantCulture), n));
        Assert.Equal(inCode.Order(), documented.Order());
    }

    [Fact]
    public void Timers_and_limits_are_the_codes_defaults()
    {
        var defaults = new LinkPair(1, NetworkFaults.None).OptionsFor(LinkRole.Initiator);
        var timers = typeof(LinkOptions).GetProperties().Where(p => p.PropertyType == typeof(TimeSpan))
            .ToDictionary(p => p.Name, p => (TimeSpan)p.GetValue(defaults)!);
        var documented = Table("defaults: LinkOptions").ToDictionary(r => r[0], r => Span(r[1]));
        Assert.Equal(timers.OrderBy(t => t.Key), documented.OrderBy(t => t.Key));

        var limits = Table("limits: LinkLimits").ToList();
        Assert.NotEmpty(limits);
        Assert.All(limits, row => Assert.Equal(Constant(typeof(LinkLimits), row[0]), Number(row[1])));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_worked_example_is_what_the_code_writes(bool isSealed)
    {
        var options = new LinkOptions
        {
            Local = LinkPair.InitiatorMac,
            Peer = LinkPair.ResponderMac,
            Vlan = new VlanId(10),
            Role = LinkRole.Initiator,
            PreSharedKey = [.. Enumerable.Range(0, 32).Select(i => (byte)i)],
        };
        Span<byte> tlp = stackalloc byte[16];
        var tlpBytes = new MemoryRead(new Rid(0x0100), new Tag(7), 0x1000, 4).Write(tlp);
        byte[] transcript = [.. Enumerable.Repeat((byte)0x11, 32)];
        var (forth, back) = KeySchedule.Secrets(options.PreSharedKey, [.. Enumerable.Repeat((byte)0x22, 32)], transcript);
        using var seal = isSealed ? Seal.WithSecrets(forth, back, AesGcmProvider.Instance) : Seal.WithChecksum(transcript, LinkRole.Initiator);
        var length = FrameLayout.Bytes + TlpRecordLayout.Bytes + tlpBytes + seal.TagBytes;
        var frame = new byte[EthernetHeader.TaggedBytes + length];
        EthernetHeader.Write(frame, options.Peer, options.Local, options.Vlan, options.EtherType);
        var payload = frame.AsSpan(EthernetHeader.TaggedBytes);
        new FrameHeader
        {
            Type = FrameType.Data,
            Flags = FrameFlags.Echo | (isSealed ? FrameFlags.Sealed : FrameFlags.None),
            Length = (ushort)length,
            EchoDelay = 20,
            Epoch = 7,
            Timestamp = 1000,
            FrameNumber = 5,
            RecordSequence = 3,
            Acknowledgement = 2,
            TimestampEcho = 900,
            FrameEcho = 4,
            SelectiveAck = new SelectiveAck(new SackRange(1, 2)),
        }.Write(payload);
        RecordView.WriteTlpHead(payload[FrameLayout.Bytes..], TlpClass.NonPosted, 1, 9, tlpBytes);
        tlp[..tlpBytes].CopyTo(payload[(FrameLayout.Bytes + TlpRecordLayout.Bytes)..]);
        seal.Close(0, 5, payload);

        Assert.Equal(Example(isSealed ? "sealed" : "unsealed"), Convert.ToHexStringLower(frame));
    }

    private static IEnumerable<string[]> Table(string marker)
    {
        var at = Array.IndexOf(Document, $"<!-- {marker} -->");
        Assert.True(at >= 0, $"the document has no table '{marker}'");
        return Document.Skip(at + 3).TakeWhile(l => l.StartsWith('|')).Select(l => l.Trim('|').Split('|').Select(c => c.Trim()).ToArray());
    }

    private static string Example(string name)
    {
        var at = Array.IndexOf(Document, $"<!-- example: {name} -->");
        Assert.True(at >= 0);
        return string.Concat(Document.Skip(at + 2).TakeWhile(l => l != "```")).Replace(" ", "", StringComparison.Ordinal);
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static TimeSpan Span(string text) => text.Split(' ') switch
    {
        [var n, "µs"] => TimeSpan.FromMicroseconds(Number(n)),
        [var n, "ms"] => TimeSpan.FromMilliseconds(Number(n)),
        _ => throw new FormatException(text),
    };

    private static int Constant(Type type, string name)
    {
        var field = type.GetField(name, BindingFlags.Public | BindingFlags.Static);
        Assert.True(field is not null, $"{type.Name} has no {name}");
        return Convert.ToInt32(field.GetRawConstantValue(), CultureInfo.InvariantCulture);
    }
}
