using CsCheck;
using ExpEther.Cli.Swap;
using ExpEther.Cli.Tlps;
using ExpEther.Daemon.Capture;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Taps;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Cli.Tests.Capture;

/// <summary>`tlp swap` and `tlp decode` read what other people send: any bytes are shown or refused in words.</summary>
public class CaptureFileFuzzTests
{
    private const int Files = 5000;

    [Fact]
    public void The_file_that_the_faults_are_put_into_has_steps_to_show() => Assert.Equal(
        [1, 2, 4, 6], new SwapWalk(CapturedTlps.Read(WholeFile())).Steps().Select(s => s.Row).Distinct());

    [Fact]
    public void A_faulty_capture_is_shown_or_refused()
    {
        var whole = WholeFile();
        Gen.Int.Sample(
            seed =>
            {
                try
                {
                    var steps = new SwapWalk(CapturedTlps.Read(Mutation.OfBytes(whole, new Random(seed)))).Steps();
                    _ = (SwapText.Plain(steps), SwapText.Markdown(steps), SwapText.Json(steps).ToJsonString());
                }
                catch (InvalidDataException e)
                {
                    Assert.NotEmpty(e.Message);
                }
            },
            iter: Files, threads: 1);
    }

    [Fact]
    public void Any_bytes_can_be_decoded_as_a_TLP()
    {
        byte[][] whole = [.. CapturedTlps.Read(WholeFile()).Select(t => t.Bytes)];
        Gen.Int.Sample(
            seed =>
            {
                var random = new Random(seed);
                var report = new TlpReport(Mutation.OfBytes(whole[random.Next(whole.Length)], random));
                Assert.NotEmpty($"{report}{report.ToJson().ToJsonString()}");
            },
            iter: Files, threads: 1);
    }

    /// <summary>A register read and a data write, an interrupt, and what they were past the swap.</summary>
    private static byte[] WholeFile()
    {
        var (host, function) = (new Rid(0x0008), new Rid(0x0300));
        var (hostIo, functionIo) = (new Rid(0x0700), new Rid(0x0105));
        var into = new byte[TlpLimits.BytesMax];
        var file = new MemoryStream();
        file.Write(Pcapng.Section("test"));
        file.Write(Pcapng.Interface(Pcapng.LinkTypeUser0, "tlps", "both sides"));
        void Add(TlpTapPoint point, TlpDirection direction, int bytes)
        {
            var block = new byte[Pcapng.PacketBytes(TapLayout.Bytes + bytes, true)];
            var packet = Pcapng.BeginPacket(block, 0, 1000, TapLayout.Bytes + bytes, TapLayout.Bytes + bytes, 1);
            TapLayout.Write(packet, new TlpPassage(point, direction, 1, 7, new VlanId(101), default, default));
            into.AsSpan(0, bytes).CopyTo(packet[TapLayout.Bytes..]);
            file.Write(block);
        }

        Add(TlpTapPoint.HostSide, TlpDirection.ToDevice, new MemoryRead(host, new Tag(5), 0x8000_1000, 4).Write(into));
        Add(TlpTapPoint.DeviceSide, TlpDirection.ToDevice, new MemoryRead(hostIo, new Tag(5), 0x9_0000_1000, 4).Write(into));
        var answer = new Completion(functionIo, hostIo, new Tag(5), CompletionStatus.SuccessfulCompletion);
        Add(TlpTapPoint.DeviceSide, TlpDirection.ToHost, answer.Write(into, new byte[4]));
        Add(TlpTapPoint.HostSide, TlpDirection.ToHost, (answer with { Completer = function, Requester = host }).Write(into, new byte[4]));
        Add(TlpTapPoint.DeviceSide, TlpDirection.ToHost, new MemoryWrite(functionIo, 0x10_0000).Write(into, new byte[64]));
        Add(TlpTapPoint.HostSide, TlpDirection.ToHost, new MemoryWrite(function, 0x10_0000).Write(into, new byte[64]));
        Add(TlpTapPoint.DeviceSide, TlpDirection.ToHost, new MemoryWrite(functionIo, 0xFEE0_0000).Write(into, new byte[4]));
        Add(TlpTapPoint.HostSide, TlpDirection.ToHost, new MemoryWrite(function, 0xFEE0_0000).Write(into, new byte[4]));
        return file.ToArray();
    }
}
