using System.Buffers.Binary;
using ExpEther.Bridge.Io.Devices;
using ExpEther.Core.Scheduling;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Config;

namespace ExpEther.Bridge.Io.Functions;

/// <summary>
/// Answers a host's configuration requests to one function from its virtual config space (row 3), in order. Most are answered at once;
/// one that must reach the device is answered when the device has done it, and those behind it wait. No answer passes what the function
/// sent before it and the link has not taken yet (PCIe 5.0 §2.4.1: a completion does not pass a posted request): a host that has turned
/// bus mastering off and hears so has all of the function's writes.
/// </summary>
internal sealed class ConfigService(
    IoFunction function, DeviceConfigAccess config, FunctionReset reset, OwnerScheduler scheduler, OwnerSignal changed)
{
    private const int MessageControlEnables = 0b1100;
    private const int CommandEnables = 0b0011;

    private readonly Queue<ConfigRequest> _waiting = new(IoBridgeLimits.ConfigWaitingPerFunctionMax);
    private readonly byte[] _tlp = new byte[IoBridgeLimits.ReplyBytesMax];
    private bool _running;

    private VirtualConfigSpace Space => function.Config;

    /// <summary>Takes a type 0 request of the function's owner.</summary>
    public void Serve(in TlpView view)
    {
        function.Counters.ConfigRequests++;
        var request = ConfigRequest.From(view, function.Generation);
        if (view.ConfigTarget.Function != 0 || (request.IsWrite && view.IsPoisoned) || _waiting.Count == IoBridgeLimits.ConfigWaitingPerFunctionMax)
        {
            // One function to a slot; a poisoned write is not done (PCIe 5.0 §2.7.2.2).
            function.Counters.HostUnsupportedRequests++;
            Answer(request, CompletionStatus.UnsupportedRequest);
            return;
        }

        if (!_running && function.Output.Count == 0 && !NeedsDevice(request))
        {
            AnswerHere(request);
            return;
        }

        _waiting.Enqueue(request);
        if (!_running)
        {
            _running = true;
            scheduler.Start(RunAsync);
        }
    }

    private bool NeedsDevice(in ConfigRequest request) => Space.TryMapVendor(request.Register, out _)
        || (request.IsWrite && Space.Reaches(request.Register, request.Value, request.Enables));

    private async Task RunAsync()
    {
        while (_waiting.TryDequeue(out var request))
        {
            if (!IsCurrent(request))
            {
                continue;
            }

            if (Space.TryMapVendor(request.Register, out var register))
            {
                await PassOnAsync(request, register);
            }
            else if (request.IsWrite)
            {
                await WriteAsync(request);
            }
            else
            {
                await PostedHaveGoneAsync();
                if (IsCurrent(request))
                {
                    AnswerHere(request);
                }
            }
        }

        _running = false;
    }

    /// <summary>A write tells the function its ID: to whom it was sent (PCIe 5.0 §2.2.6.2).</summary>
    private Rid VfHOf(in ConfigRequest request) => function.Broken == BrokenRule.Row3Capture ? function.VfIo : request.Target;

    private bool IsCurrent(in ConfigRequest request) => function.IsOpen && function.Generation == request.Generation;

    private void AnswerHere(in ConfigRequest request)
    {
        if (request.IsWrite)
        {
            Space.Write(VfHOf(request), request.Register, request.Value, request.Enables);
            Answer(request, CompletionStatus.SuccessfulCompletion);
        }
        else
        {
            AnswerWith(request, Space.Read(request.Register));
        }
    }

    private async Task WriteAsync(ConfigRequest request)
    {
        var effect = Space.Write(VfHOf(request), request.Register, request.Value, request.Enables);
        var status = ConfigStatus.Success;
        if ((effect & ConfigEffect.BusMaster) != 0)
        {
            status = await SetBusMasterAsync(request);
        }

        if ((effect & ConfigEffect.MsixControl) != 0)
        {
            status = await config.WriteAsync(function.VfIo, function.Real.MsixOffset, (uint)Space.MsixControl << 16, MessageControlEnables);
        }

        await PostedHaveGoneAsync();
        if (!IsCurrent(request))
        {
            return;
        }

        Answer(request, status == ConfigStatus.Success ? CompletionStatus.SuccessfulCompletion : CompletionStatus.CompleterAbort);
        if ((effect & ConfigEffect.FunctionLevelReset) != 0)
        {
            Space.FunctionLevelReset();
            await reset.ResetAsync(function, null);
        }
    }

    private async Task<ConfigStatus> SetBusMasterAsync(ConfigRequest request)
    {
        var on = Space.Endpoint.BusMasterEnable;
        if (on)
        {
            function.BusMaster = true;
            function.WasTaken = true;
            function.TimesNotTaken = 0;
        }

        var status = function.Broken == BrokenRule.Row3BusMaster
            ? ConfigStatus.Success
            : await config.WriteAsync(function.VfIo, ConfigRegister.Command, function.Real.Command(on), CommandEnables);
        if (!on)
        {
            await PostedHaveGoneAsync();
        }

        if (IsCurrent(request))
        {
            function.BusMaster = on;
        }

        return status;
    }

    private async Task PassOnAsync(ConfigRequest request, int register)
    {
        if (request.IsWrite)
        {
            var status = await config.WriteAsync(function.VfIo, register, request.Value, request.Enables);
            await PostedHaveGoneAsync();
            if (IsCurrent(request))
            {
                Space.Endpoint.CaptureRid(VfHOf(request));
                Answer(request, status == ConfigStatus.Success ? CompletionStatus.SuccessfulCompletion : CompletionStatus.UnsupportedRequest);
            }

            return;
        }

        var read = await config.ReadAsync(function.VfIo, register);
        await PostedHaveGoneAsync();
        if (!IsCurrent(request))
        {
            return;
        }

        if (read.IsSuccess)
        {
            AnswerWith(request, read.Value);
        }
        else
        {
            Answer(request, CompletionStatus.UnsupportedRequest);
        }
    }

    /// <summary>Waits until what the function has sent up to now is on the link. Without the owner's link nothing waits.</summary>
    private async Task PostedHaveGoneAsync()
    {
        var output = function.Output;
        var upTo = output.Added;
        if (output.Gone >= upTo)
        {
            return;
        }

        output.Waiters++;
        await changed.WaitUntil(() => output.Gone >= upTo || !function.IsOpen, IoBridgeLimits.DmaDrainTime);
        output.Waiters--;
    }

    private void Answer(in ConfigRequest request, CompletionStatus status)
    {
        var length = CompletionOf(request, status).Write(_tlp);
        function.Session?.Reply(function.Number, request.Generation, TlpClass.Completion, _tlp.AsSpan(0, length));
    }

    private void AnswerWith(in ConfigRequest request, uint value)
    {
        Span<byte> data = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(data, value);
        var length = CompletionOf(request, CompletionStatus.SuccessfulCompletion).Write(_tlp, data);
        function.Session?.Reply(function.Number, request.Generation, TlpClass.Completion, _tlp.AsSpan(0, length));
    }

    private Completion CompletionOf(in ConfigRequest request, CompletionStatus status) =>
        new(Space.VfH, request.Requester, request.Tag, status, Attributes: request.Attributes);
}
