using ExpEther.Cli.Tests.Lab;
using ExpEther.Daemon.Capture;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Cli.Tests.Capture;

public class DissectorTests
{
    // docs/wire-format.md, "A worked example", unsealed.
    private static readonly byte[] Frame = Convert.FromHexString(
        "02000000000202000000000181" + "00000a88b50100020060001400070000" + "00e803000005000000000000000300000000000000"
        + "02000000000000008403000004000000" + "01000200000000000000000000000000" + "010118000100000009000000000000000000000101" + "00070f00001000aa2cd416");

    private delegate int Writer(Span<byte> into);

    [Fact]
    public async Task A_frame_shows_its_header_record_and_TLP()
    {
        Tshark.SkipWhenMissing();
        using var folder = new LabFolder();
        byte[] untagged = [.. Frame[..12], .. Frame[16..]];
        var file = Write(folder, Pcapng.LinkTypeEthernet, [Frame, untagged]);

        var lines = await Tshark.ReadAsync(
            file, "-T", "fields", "-e", "expether.epoch", "-e", "expether.framenumber", "-e", "expether.record.sequence", "-e", "expether.tlp.generation",
            "-e", "pcietlp.name", "-e", "pcietlp.requester", "-e", "pcietlp.tag", "-e", "pcietlp.address");

        Assert.Equal(Enumerable.Repeat("7\t5\t3\t9\tMRd\t01:00.0\t0x0007\t0x0000000000001000", 2), lines);
    }

    [Fact]
    public async Task Every_kind_of_TLP_is_named_and_a_completion_is_matched_with_its_request()
    {
        Tshark.SkipWhenMissing();
        using var folder = new LabFolder();
        var device = new Rid(0x0300);
        var file = Write(folder, Pcapng.LinkTypeUser0 + 1,
        [
            Tlp(into => new MemoryRead(device, new Tag(0x105), 0x1_0000_0004, 8).Write(into)),
            Tlp(into => new MemoryWrite(device, 0x2000).Write(into, new byte[8])),
            Tlp(into => new ConfigRead(default, new Tag(1), device, 0x100, false).Write(into)),
            Tlp(into => new ConfigWrite(default, new Tag(2), device, 4, true, 7).Write(into)),
            Tlp(into => new Message(device, MessageCode.ErrFatal, MessageRouting.ToRootComplex).Write(into)),
            Tlp(into => new AtomicRequest(TlpKind.CompareAndSwap, device, new Tag(3), 0x1000).Write(into, new byte[16])),
            Tlp(into => new Completion(default, device, new Tag(0x105), CompletionStatus.SuccessfulCompletion, 8, 4).Write(into, new byte[8])),
            Tlp(into => new Completion(device, default, new Tag(1), CompletionStatus.UnsupportedRequest).Write(into)),
        ]);

        var lines = await Tshark.ReadAsync(
            file, "-2", "-T", "fields", "-e", "pcietlp.name", "-e", "pcietlp.response_to", "-e", "pcietlp.response_in", "-e", "pcietlp.status");

        Assert.Equal(["MRd\t\t7\t", "MWr\t\t\t", "CfgRd0\t\t8\t", "CfgWr1\t\t\t", "Msg\t\t\t", "CAS\t\t\t", "CplD\t1\t\t0", "Cpl\t3\t\t1"], lines);
        Assert.Single(await Tshark.ReadAsync(file, "-Y", "pcietlp.failed"));
        Assert.Empty(await Tshark.ReadAsync(file, "-Y", "pcietlp.short || pcietlp.long || pcietlp.badenables || pcietlp.overfull"));
    }

    [Fact]
    public async Task Set_up_shows_the_MTU_that_is_tried_and_the_one_that_is_agreed()
    {
        Tshark.SkipWhenMissing();
        using var folder = new LabFolder();
        var lines = await Tshark.ReadAsync(
            Write(folder, Pcapng.LinkTypeEthernet, SetUpFrames.Exchange(mtuBytes: 1500)), "-T", "fields", "-e", "expether.type", "-e", "expether.length",
            "-e", "expether.setup.mtu", "-e", "expether.name", "-e", "expether.mtu");

        // HELLO and CHALLENGE come first.
        Assert.Equal(["1\t1500\t1500\tbox\t", "2\t1500\t1500\thost\t", "0\t74\t\t\t1500"], lines.SkipWhile(l => l[0] is '6' or '7').Take(3));
        var zeros = await Tshark.ReadAsync(folder.File("file.pcapng"), "-Y", "expether.setup.zeros", "-T", "fields", "-e", "expether.setup.zeros");
        Assert.Equal([2 * (1500 - 208 - 3 - 4), 2 * (1500 - 208 - 4 - 4)], zeros.Select(z => z.Length));
        Assert.Empty(await Tshark.ReadAsync(folder.File("file.pcapng"), "-Y", "expether.badlength || expether.badkind || expether.short"));
    }

    [Fact]
    public async Task Nothing_malformed_makes_the_dissector_fail()
    {
        Tshark.SkipWhenMissing();
        using var folder = new LabFolder();
        var random = new Random(1);
        var frames = new List<byte[]>();
        for (var length = 15; length < Frame.Length; length++)
        {
            frames.Add(Frame[..length]);
        }

        for (var i = 0; i < 2000; i++)
        {
            var frame = (byte[])Frame.Clone();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                frame[random.Next(18, frame.Length)] = (byte)random.Next(256);
            }

            if (i % 3 == 0)
            {
                // All types of frames with what does not belong to them.
                frame[19] = (byte)(i % 7);
                Array.Resize(ref frame, frame.Length + random.Next(80));
                frame[22] = (byte)(frame.Length - 18);
            }

            frames.Add(frame);
        }

        var read = await Tshark.ReadAsync(Write(folder, Pcapng.LinkTypeEthernet, frames), "-V");
        Assert.NotEmpty(read);
        Assert.NotEmpty(await Tshark.ReadAsync(folder.File("file.pcapng"), "-Y", "expether.badlength"));

        var tlps = new List<byte[]>();
        for (var i = 0; i < 3000; i++)
        {
            var tlp = new byte[random.Next(1, 64)];
            random.NextBytes(tlp);
            if (i % 2 == 0)
            {
                tlp[0] = 1;
            }

            tlps.Add(tlp);
        }

        Assert.NotEmpty(await Tshark.ReadAsync(Write(folder, Pcapng.LinkTypeUser0, tlps), "-V"));
        Assert.NotEmpty(await Tshark.ReadAsync(Write(folder, Pcapng.LinkTypeUser0 + 1, tlps), "-V"));
    }

    private static byte[] Tlp(Writer write)
    {
        var into = new byte[TlpLimits.BytesMax];
        return into[..write(into)];
    }

    private static string Write(LabFolder folder, int linkType, IEnumerable<byte[]> packets)
    {
        using var file = File.Create(folder.File("file.pcapng"));
        file.Write(Pcapng.Section("a test"));
        file.Write(Pcapng.Interface((ushort)linkType, "test", "test"));
        var at = 0L;
        foreach (var packet in packets)
        {
            var block = new byte[Pcapng.PacketBytes(packet.Length, hasFlags: false)];
            packet.CopyTo(Pcapng.BeginPacket(block, 0, at += 1000, packet.Length, packet.Length, 0));
            file.Write(block);
        }

        return file.Name;
    }
}
