using ExpEther.Core.Time;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Ports;

/// <summary>
/// A device with one PF and its VFs, made of parts that are each a whole function (PCIe 5.0 chapter 9). This only decides whom a TLP is
/// for, and whose turn it is to send.
/// <para>
/// Configuration requests go by routing ID: type 0 on the captured bus, type 1 on the buses behind it, which a part gets as type 0; memory
/// requests by the PF's BARs and the VF BARs; completions by their requester; messages by ID, or to the PF. VFs are there while VF Enable
/// is set: when it falls, by software or by a reset of the PF, they are reset, and nothing of theirs is handed out any more.
/// </para>
/// <para>
/// What no function is meant by: configuration requests end in UR here, other requests in the PF; completions are dropped and counted.
/// </para>
/// </summary>
public sealed class SrIovDevice : IPcieDevice, IFunctionFlowControl, IResumableDevice
{
    private const int Nobody = -1;
    private const byte Type1 = 1;

    private readonly ISrIovFunction[] _functions;
    private readonly SrIovCapability _srIov;
    private readonly FunctionRing _ring;
    private readonly bool[] _closed;
    private readonly int[] _configOwed;
    private readonly Completion[] _refusals = new Completion[PortLimits.RefusalsMax];
    private readonly byte[] _config = new byte[TlpLimits.HeaderBytesMax + 4 + TlpLimits.DigestBytes];
    private Rid _configRequester;
    private int _configOwedAll;
    private int _firstRefusal;
    private int _refusalCount;
    private int _existing;

    /// <param name="physical">Function 0.</param>
    /// <param name="virtuals">VF 1 and on: as many as TotalVFs. They may be reset here.</param>
    public SrIovDevice(ISrIovFunction physical, IReadOnlyList<ISrIovFunction> virtuals)
    {
        Check.That(physical.Config.SrIov is not null && virtuals.Count == physical.Config.SrIov.TotalVfs);
        _srIov = physical.Config.SrIov;
        _functions = [physical, .. virtuals];
        for (var number = 1; number < _functions.Length; number++)
        {
            Check.That(_functions[number].Config.PhysicalFunction == physical.Config && _functions[number].Config.VirtualFunctionNumber == number);
        }

        _ring = new FunctionRing(_functions.Length);
        _closed = new bool[_functions.Length];
        _configOwed = new int[_functions.Length];
        _existing = _srIov.ExistingVfs;
    }

    /// <summary>Completions for no function, configuration requests that found no place among the refusals.</summary>
    public long Dropped { get; private set; }

    /// <inheritdoc/>
    public Instant? NextDeadline
    {
        get
        {
            var earliest = _functions[0].NextDeadline;
            for (var number = 1; number <= _existing; number++)
            {
                earliest = Instant.Earliest(earliest, _functions[number].NextDeadline);
            }

            return earliest;
        }
    }

    /// <inheritdoc/>
    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        Follow(now);
        // What cannot be read, and what nobody is meant by, is the PF's to refuse and to report.
        var number = 0;
        if (TlpView.TryParse(tlp, out var view) == TlpError.None)
        {
            if (view.IsConfig)
            {
                return AcceptConfig(view, now);
            }

            number = TargetOf(view);
            if (number == Nobody)
            {
                Dropped++;
                return true;
            }
        }

        _ring.Wake(number);
        var accepted = _functions[number].TryAccept(tlp, now);
        Follow(now);
        return accepted;
    }

    /// <inheritdoc/>
    public bool TryTake(Instant now, Span<byte> into, out int length)
    {
        Follow(now);
        if (_refusalCount > 0)
        {
            length = _refusals[_firstRefusal].Write(into);
            _firstRefusal = (_firstRefusal + 1) % _refusals.Length;
            _refusalCount--;
            return true;
        }

        while (_ring.TryNext(out var number))
        {
            if (_functions[number].TryTake(now, into, out length))
            {
                if (_configOwedAll > 0)
                {
                    NoteAnswer(number, into[..length]);
                }

                return true;
            }

            _ring.Sleep(number);
        }

        length = 0;
        return false;
    }

    /// <inheritdoc/>
    public bool Poll(Instant now)
    {
        var any = _functions[0].Poll(now);
        Follow(now);
        for (var number = 1; number <= _existing; number++)
        {
            any |= _functions[number].Poll(now);
        }

        // Functions of one device may give each other something to say without a TLP: each is asked once in a turn.
        _ring.WakeAll(_existing);
        return any;
    }

    /// <inheritdoc/>
    public void Reset(Instant now)
    {
        foreach (var function in _functions)
        {
            function.Reset(now);
        }

        _ring.Clear();
        Array.Clear(_closed);
        Array.Clear(_configOwed);
        _configOwedAll = 0;
        _refusalCount = 0;
        _existing = 0;
    }

    /// <inheritdoc/>
    public void SetFlow(Rid function, bool open)
    {
        if (NumberOf(function) is >= 0 and var number)
        {
            _closed[number] = !open;
            UpdateHold(number);
        }
    }

    /// <inheritdoc/>
    public bool HasNote
    {
        get
        {
            for (var number = 0; number <= _existing; number++)
            {
                if (_functions[number].Resumable is { HasNote: true })
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <inheritdoc/>
    public bool CanResume(Rid function) => ResumableOf(function)?.CanResume(function) == true;

    /// <inheritdoc/>
    public ulong ContinuityOf(Rid function) => ResumableOf(function)?.ContinuityOf(function) ?? 0;

    /// <inheritdoc/>
    public bool TryTakeNote(Rid function, Span<byte> into, out int length)
    {
        length = 0;
        return ResumableOf(function)?.TryTakeNote(function, into, out length) == true;
    }

    /// <inheritdoc/>
    public void Resume(Rid function, ReadOnlySpan<byte> note, Instant now)
    {
        ResumableOf(function)?.Resume(function, note, now);
        if (NumberOf(function) is >= 0 and var number)
        {
            _ring.Wake(number);
        }
    }

    private IResumableDevice? ResumableOf(Rid function) => NumberOf(function) is >= 0 and var number ? _functions[number].Resumable : null;

    /// <summary>0: the PF; negative: no function has this routing ID.</summary>
    private int NumberOf(Rid function)
    {
        var pf = _functions[0].Config.Rid;
        if (function == pf)
        {
            return 0;
        }

        var number = _srIov.NumberOf(pf, function);
        return number > 0 ? number : Nobody;
    }

    /// <summary>VFs come and go with VF Enable.</summary>
    private void Follow(Instant now)
    {
        var existing = _srIov.ExistingVfs;
        if (existing == _existing)
        {
            return;
        }

        for (var number = 1; number <= Math.Max(existing, _existing); number++)
        {
            _functions[number].Reset(now);
            _ring.Sleep(number);
            _configOwedAll -= _configOwed[number];
            _configOwed[number] = 0;
            _closed[number] = false;
            UpdateHold(number);
        }

        _existing = existing;
    }

    private bool AcceptConfig(in TlpView view, Instant now)
    {
        var number = ConfigTargetOf(view);
        if (number == Nobody)
        {
            Refuse(Completion.To(view, _functions[0].Config.Rid, CompletionStatus.UnsupportedRequest));
            return true;
        }

        _configRequester = view.Requester;
        _configOwed[number]++;
        _configOwedAll++;
        UpdateHold(number);
        _ring.Wake(number);
        view.Bytes.CopyTo(_config);
        // Type[0] counts as 1 in a digest (§2.7.1), so that one that is there stays right.
        _config[0] &= unchecked((byte)~Type1);
        Check.That(_functions[number].TryAccept(_config.AsSpan(0, view.Bytes.Length), now));
        Follow(now);
        return true;
    }

    private int ConfigTargetOf(in TlpView view)
    {
        var target = view.ConfigTarget;
        var captured = _functions[0].Config.Rid;
        if (view.Kind is TlpKind.ConfigRead1 or TlpKind.ConfigWrite1)
        {
            return target.Bus == captured.Bus ? Nobody : Known(_srIov.NumberOf(captured, target));
        }

        // Alone on its link, the device is whatever bus a type 0 request names; the PF captures it from writes (§2.2.6.2).
        return target.DeviceFunction == 0 ? 0 : Known(_srIov.NumberOf(new Rid(target.Bus, 0, 0), target));
    }

    private int TargetOf(in TlpView view)
    {
        var physical = _functions[0].Config;
        if (view.IsCompletion)
        {
            return view.Requester == physical.Rid ? 0 : Known(_srIov.NumberOf(physical.Rid, view.Requester));
        }

        if (view.IsMessage)
        {
            return view.MessageRouting != MessageRouting.ById || view.MessageTarget == physical.Rid
                ? 0
                : Known(_srIov.NumberOf(physical.Rid, view.MessageTarget));
        }

        var bytes = view.IsAtomic ? view.ByteLength : view.LengthDw * 4;
        return physical.TryMatchBar(view.Address, bytes, out _, out _) || !_srIov.TryMatch(view.Address, bytes, out var number, out _, out _)
            ? 0
            : number;
    }

    private static int Known(int number) => number == 0 ? Nobody : number;

    private void Refuse(in Completion refusal)
    {
        if (_refusalCount == _refusals.Length)
        {
            Dropped++;
            return;
        }

        _refusals[(_firstRefusal + _refusalCount++) % _refusals.Length] = refusal;
    }

    private void NoteAnswer(int number, ReadOnlySpan<byte> tlp)
    {
        if (_configOwed[number] > 0 && TlpView.TryParse(tlp, out var view) == TlpError.None && view.IsCompletion && view.Requester == _configRequester)
        {
            _configOwed[number]--;
            _configOwedAll--;
            UpdateHold(number);
        }
    }

    private void UpdateHold(int number) => _ring.Hold(number, _closed[number] && _configOwed[number] == 0);
}
