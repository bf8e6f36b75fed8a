using System.Text.Json.Nodes;
using ExpEther.Core.Scheduling;
using ExpEther.Daemon.Control;
using ExpEther.Daemon.Loop;

namespace ExpEther.Daemon.Capture;

/// <summary>
/// <c>capture</c> and <c>capture.stop</c> on the control socket (docs/control-protocol.md). The call lasts as long as the capture; its
/// data are a pcapng file. It ends by <c>capture.stop</c>, or when its client goes. A daemon makes one capture at a time.
/// </summary>
internal sealed class CaptureCommands
{
    private static readonly TimeSpan SendInterval = TimeSpan.FromMilliseconds(CaptureLimits.SendMilliseconds);

    private readonly ICaptureSource _source;
    private readonly Func<OwnerLoop> _loop;
    private readonly OwnerSignal _wake;
    private CaptureSession? _session;

    /// <param name="source">What is captured.</param>
    /// <param name="loop">Whose port's frames; asked for when a capture starts.</param>
    /// <param name="scheduler">The owner's.</param>
    /// <param name="table">Gets the commands.</param>
    public CaptureCommands(ICaptureSource source, Func<OwnerLoop> loop, OwnerScheduler scheduler, CommandTable table)
    {
        _source = source;
        _loop = loop;
        _wake = new OwnerSignal(scheduler);
        table.Add("capture", CaptureAsync);
        table.Add("capture.stop", call => Task.FromResult(call.Arguments.Mistake() ?? Stop()));
    }

    private ControlReply Stop()
    {
        if (_session is null)
        {
            return ControlReply.Fail(ControlErrorCode.NoCapture, "no capture runs", "start one by expether capture");
        }

        _session.Stop();
        return ControlReply.Ok([]);
    }

    private async Task<ControlReply> CaptureAsync(ControlCall call)
    {
        if (FilterOf(call.Arguments, out var filter) is { } mistake)
        {
            return mistake;
        }

        if (_session is not null)
        {
            return ControlReply.Fail(
                ControlErrorCode.CaptureRuns, "a capture of this daemon runs already", "end that one first (Ctrl-C there, or the command capture.stop)");
        }

        var session = new CaptureSession(filter, _source.EtherType, _wake);
        _session = session;
        var loop = _loop();
        try
        {
            if (await call.SendDataAsync(Head()))
            {
                _source.Tap = filter.HostSide || filter.DeviceSide ? session : null;
                loop.FrameTap = filter.Frames ? session : null;
                call.Progress(new JsonObject { ["capturing"] = true });
                await SendAsync(session, call);
            }
        }
        finally
        {
            _source.Tap = null;
            loop.FrameTap = null;
            _session = null;
        }

        foreach (var i in Interfaces)
        {
            await call.SendDataAsync(Pcapng.Statistics((int)i, session.Now, session.Captured(i) + session.Dropped(i), session.Dropped(i)));
        }

        return ControlReply.Ok(new JsonObject
        {
            ["captured"] = Counts(session.Captured),
            ["dropped"] = Counts(session.Dropped),
        });
    }

    private async Task SendAsync(CaptureSession session, ControlCall call)
    {
        while (!call.IsAbandoned)
        {
            var isLast = session.IsStopping;
            if (isLast)
            {
                // No more is taken; what was taken goes out.
                _source.Tap = null;
                _loop().FrameTap = null;
            }

            while (!session.Buffer.IsEmpty)
            {
                if (!await call.SendDataAsync(session.Buffer.Take()))
                {
                    return;
                }

                session.Buffer.Release();
            }

            if (isLast)
            {
                return;
            }

            await _wake.WaitUntil(() => session.IsStopping || call.IsAbandoned || session.Buffer.FullChunks > 0, SendInterval);
        }
    }

    private byte[] Head()
    {
        List<byte> head = [.. Pcapng.Section("expether capture"), .. Pcapng.Interface(Pcapng.LinkTypeEthernet, _source.PortName, "frames of the port")];
        head.AddRange(Pcapng.Interface(Pcapng.LinkTypeUser0, "tlp-host", "TLPs with the host's addresses and IDs"));
        if (_source.HasDeviceSide)
        {
            head.AddRange(Pcapng.Interface(Pcapng.LinkTypeUser0, "tlp-device", "TLPs with the box's addresses and IDs"));
        }

        return [.. head];
    }

    private IEnumerable<CaptureInterface> Interfaces =>
        _source.HasDeviceSide
            ? [CaptureInterface.Frames, CaptureInterface.HostSide, CaptureInterface.DeviceSide]
            : [CaptureInterface.Frames, CaptureInterface.HostSide];

    private JsonObject Counts(Func<CaptureInterface, long> of)
    {
        var counts = new JsonObject { ["frames"] = of(CaptureInterface.Frames), ["hostSide"] = of(CaptureInterface.HostSide) };
        if (_source.HasDeviceSide)
        {
            counts["deviceSide"] = of(CaptureInterface.DeviceSide);
        }

        return counts;
    }

    private ControlReply? FilterOf(ControlArguments arguments, out CaptureFilter filter)
    {
        filter = new CaptureFilter();
        var interfaces = arguments.Text("interfaces");
        var hostName = arguments.Text("host");
        var functionName = arguments.Text("function");
        var kindNames = arguments.Text("kind");
        if (arguments.Mistake() is { } mistake)
        {
            return mistake;
        }

        // Frames cannot be told apart by function or kind: a sealed one shows nothing.
        var wanted = Words(interfaces) ?? (functionName is null && kindNames is null ? ["frames", "host", "device"] : ["host", "device"]);
        var kinds = CaptureKind.None;
        foreach (var word in wanted.Where(w => w is not ("frames" or "host" or "device")))
        {
            return ControlReply.Fail(ControlErrorCode.BadArgument, $"there is no interface '{word}'", "interfaces: frames, host, device");
        }

        foreach (var word in Words(kindNames) ?? [nameof(CaptureKind.All)])
        {
            if (!Enum.TryParse<CaptureKind>(word, ignoreCase: true, out var kind) || !char.IsLetter(word[0]))
            {
                return ControlReply.Fail(ControlErrorCode.BadArgument, $"there is no kind of TLP '{word}'", "kinds: MRd, MWr, CfgRd, CfgWr, Cpl, Msg, Atomic");
            }

            kinds |= kind;
        }

        filter = filter with { Frames = wanted.Contains("frames"), HostSide = wanted.Contains("host"), DeviceSide = wanted.Contains("device"), Kinds = kinds };
        if (hostName is not null)
        {
            if (_source.FindHost(hostName, out var host) is { } noHost)
            {
                return noHost;
            }

            filter = filter with { Host = host };
        }

        if (functionName is not null)
        {
            if (_source.FindFunction(functionName, out var number, out var box) is { } noFunction)
            {
                return noFunction;
            }

            filter = filter with { Function = number, Box = box };
        }

        return null;
    }

    private static string[]? Words(string? list) =>
        list?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } words ? words : null;
}
