using ExpEther.Core.Time;
using ExpEther.Nvme.Controller.Commands;
using ExpEther.Nvme.Controller.Dma;
using ExpEther.Nvme.Controller.Queues;
using ExpEther.Nvme.Controller.Registers;
using ExpEther.Nvme.Controller.Requests;
using ExpEther.Nvme.Controller.Resuming;
using ExpEther.Nvme.Controller.Subsystem;
using ExpEther.Nvme.Pool;
using ExpEther.Nvme.Protocol;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Nvme.Controller;

/// <summary>
/// An NVMe 1.4 controller as a PCI Express endpoint: TLPs in, TLPs out, blocks from <see cref="Backends.IBlockBackend"/>s.
/// <para>
/// It composes: <see cref="RequestFront"/> answers configuration and BAR accesses, <see cref="ControllerLife"/> is the state behind CC and
/// CSTS, <see cref="SubmissionFetcher"/> brings commands, <see cref="CommandEngine"/> runs them, <see cref="DmaReader"/> and
/// <see cref="Egress"/> make its reads and writes. TLPs are made when they are taken, never before, so what the link has no room for
/// costs nothing here. Everything that arrives is taken at once. Register accesses wait for nothing. Steady state allocates nothing.
/// </para>
/// </summary>
public sealed partial class NvmeController : ISrIovFunction, IBarTarget, IDmaReadOwner, IVirtualizedController
{
    private readonly EndpointConfig _config;
    private readonly MsixTable _msix;
    private readonly ControllerParts _parts;
    private readonly RegisterFile _registers;
    private readonly ErrorReporter _errors;
    private readonly RequestFront _front;
    private readonly CommandEngine _engine;
    private readonly ControllerLife _life;
    private readonly Doorbells _doorbells;
    private readonly Rebirth _rebirth;
    private readonly bool _isPrimary;
    private bool _readsTurn;

    /// <summary>A conventional controller, alone with its namespaces.</summary>
    public NvmeController(NvmeControllerOptions options, IEventSink events)
        : this(options, new NvmSubsystem(options, null, events), ControllerFunction.Conventional(options), events)
    {
        _parts.Subsystem.AttachAll(_engine);
    }

    /// <summary>The next controller of an NVM subsystem.</summary>
    internal NvmeController(NvmeControllerOptions options, NvmSubsystem subsystem, EndpointConfig config, IEventSink events)
    {
        var isSecondary = config.VirtualFunctionNumber > 0;
        Check.That(options.QueuePairsMax is > 0 and <= ControllerLimits.QueuePairsMax);
        Check.That(options.QueueEntriesMax is >= 2 and <= ControllerLimits.QueueEntriesMax);
        Check.That(options.BufferPoolBytes >= 2 * options.MaxDataTransferBytes);
        Check.That(options.MaxDataTransferBytes is >= NvmeSizes.PageBytesMin and <= ControllerLimits.MaxDataTransferBytesMax);
        _config = config;
        _isPrimary = config.SrIov is not null;
        _msix = new MsixTable(_config);
        _parts = new ControllerParts(options, subsystem, config.VirtualFunctionNumber, _config, _msix);
        _registers = new RegisterFile(options);
        _errors = new ErrorReporter(_config);
        _front = new RequestFront(_config, this, _errors, _parts.Counters);
        _engine = new CommandEngine(_parts, new CommandSet(options, config));
        _parts.Egress.Engine = _engine;
        _parts.Reader = new DmaReader(_config, this, _errors, _parts.Counters, options.CompletionTimeout);
        _life = new ControllerLife(_registers, _parts, _engine, events, options.Name);
        _doorbells = new Doorbells(_parts, _engine);
        _rebirth = new Rebirth(_config, _msix);
        Identity = ResumeNote.IdentityOf($"{options.SerialNumberScope}\0{options.SerialNumber}", config.VirtualFunctionNumber);
        _life.Reset();
        subsystem.Register(_engine);
        if (isSecondary)
        {
            _life.IsOffline = true;
        }
        else
        {
            _parts.Pool.Prepare();
        }
    }

    public NvmeControllerCounters Counters => _parts.Counters;

    /// <summary>What is wrong with the storage behind its subsystem, or was a moment ago, in words; empty: nothing.</summary>
    public string StorageTrouble
    {
        get
        {
            var subsystem = _parts.Subsystem;
            var trouble = subsystem.Trouble.Text(_engine.Now);
            return subsystem.Pool is { State: PoolState.Refused } pool
                ? $"no namespaces can be created: {pool.Problem}{(trouble.Length > 0 ? "; " : "")}{trouble}"
                : trouble;
        }
    }

    /// <summary>Bus, device and function as the last configuration write told.</summary>
    public Rid Rid => _config.Rid;

    /// <inheritdoc/>
    public EndpointConfig Config => _config;

    /// <inheritdoc/>
    public Instant? NextDeadline => Instant.Earliest(_parts.Reader.NextDeadline, _parts.Coalescing.NextDeadline);

    /// <inheritdoc/>
    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        Enter(now);
        if (TlpView.TryParse(tlp, out var view) != TlpError.None)
        {
            if (!_front.TryRefuse(tlp))
            {
                _parts.Counters.MalformedTlps++;
                _errors.Report(UncorrectableError.MalformedTlp, tlp[..Math.Min(tlp.Length, TlpLimits.HeaderBytesMax)]);
            }
        }
        else if (!view.HasValidEcrc)
        {
            _parts.Counters.MalformedTlps++;
            _errors.Report(UncorrectableError.Ecrc, tlp);
        }
        else if (view.IsCompletion)
        {
            _parts.Reader.OnCompletion(view, now);
        }
        else
        {
            _front.Accept(view);
        }

        _engine.RunReady();
        return true;
    }

    /// <inheritdoc/>
    public bool TryTake(Instant now, Span<byte> into, out int length)
    {
        Enter(now);
        _engine.RunReady();
        if (_front.TryTake(into, out length) || _errors.TryTake(into, out length))
        {
            return true;
        }

        // PCIe 5.0 §7.5.1.1.3, §5.3.1.4.1: without Bus Master Enable, and in D3hot, a function issues no memory request, interrupts included.
        if (!_config.BusMasterEnable || _config.PowerManagement.IsD3Hot)
        {
            return false;
        }

        if (_life.IsReborn)
        {
            return _rebirth.TryTake(_parts.Reader, now, into, out length);
        }

        // Reads and writes take turns, so that neither direction of traffic starves the other.
        _readsTurn = !_readsTurn;
        return _readsTurn
            ? TryTakeRead(now, into, out length) || _parts.Egress.TryTake(into, out length)
            : _parts.Egress.TryTake(into, out length) || TryTakeRead(now, into, out length);
    }

    /// <inheritdoc/>
    public bool Poll(Instant now)
    {
        Enter(now);
        // Of several controllers that share backends the primary one asks these, for all.
        var any = _parts.ControllerId == Virtualization.PrimaryId && _parts.Subsystem.Poll();
        any |= _parts.Reader.Expire(now);
        any |= _parts.Egress.ReleaseInterrupts(now);
        if (ControllerLimits.TagsMax - _parts.Reader.LostTags < ControllerLimits.TagsUsableMin && _life.IsReady)
        {
            _life.Fail("too many DMA reads were never answered");
        }

        any |= _life.Step();
        any |= _engine.RunReady();
        return any;
    }

    /// <inheritdoc/>
    public void Reset(Instant now)
    {
        Enter(now);
        if (_life.WouldBeUnsafeShutdown)
        {
            _parts.Health.UnsafeShutdowns++;
        }

        _parts.Health.PowerCycles++;
        if (_config.VirtualFunctionNumber > 0)
        {
            _parts.Subsystem.Virtualization?.OnFunctionReset(_config.VirtualFunctionNumber);
        }

        _life.Reset();
        ResetSecondaries();
        _rebirth.End();
        _parts.Reader.PowerOn();
        _front.Clear();
        _errors.Clear();
        _msix.Reset();
        _config.Reset();
    }

    /// <summary>Write-protects a namespace or lifts that; the host learns of it by a Namespace Attribute Changed event if it enabled them.</summary>
    /// <returns>False: no such namespace.</returns>
    public bool SetNamespaceReadOnly(uint namespaceId, bool readOnly) => _parts.Subsystem.SetReadOnly(namespaceId, readOnly);

    bool IVirtualizedController.Exists => _config.PhysicalFunction?.SrIov?.ExistingVfs >= _config.VirtualFunctionNumber;

    void IVirtualizedController.SetOnline(bool online)
    {
        // §8.5.3: both ways by a Controller Level Reset.
        _life.Reset();
        _life.IsOffline = !online;
    }

    void IVirtualizedController.Give(int queues, int interrupts)
    {
        _parts.Queues.Pairs = Math.Max(queues - 1, 0);
        // A table of no vectors cannot be shown.
        _config.ShowMsixVectors(Math.Max(interrupts, 1));
        _parts.Features.Vectors = interrupts;
    }

    uint IBarTarget.ReadBar(int offset)
    {
        if (offset < BarLayout.DoorbellsOffset)
        {
            _rebirth.OnRegisterAccess();
            return _registers.Read(offset, _life.Status);
        }

        if (offset >= BarLayout.MsixTableOffset && offset < BarLayout.MsixTableOffset + _msix.TableBytes)
        {
            return _msix.ReadTable(offset - BarLayout.MsixTableOffset);
        }

        return offset >= BarLayout.MsixPbaOffset && offset < BarLayout.MsixPbaOffset + _msix.PbaBytes
            ? _msix.ReadPba(offset - BarLayout.MsixPbaOffset)
            : 0;
    }

    void IBarTarget.WriteBar(int offset, uint value, int enables)
    {
        if (_life.IsOffline && offset < BarLayout.MsixTableOffset)
        {
            return;
        }

        if (offset < BarLayout.DoorbellsOffset)
        {
            _rebirth.OnRegisterAccess();
            var before = _registers.Cc;
            _registers.Write(offset, value, enables);
            if (offset == NvmeRegister.Cc)
            {
                _parts.EntrySizes = (_registers.Cc.Iosqes, _registers.Cc.Iocqes);
                _life.OnConfigurationWritten(before, _registers.Cc);
                if (before.En && !_registers.Cc.En)
                {
                    ResetSecondaries();
                }
            }
        }
        else if (offset < BarLayout.MsixTableOffset)
        {
            // §3.1.24: doorbells are written as whole DWs; anything else is undefined and does nothing.
            if (enables == 0xF && _life.IsReady)
            {
                _doorbells.Ring((offset - BarLayout.DoorbellsOffset) / 4, value);
            }
        }
        else if (offset < BarLayout.MsixTableOffset + _msix.TableBytes)
        {
            _msix.WriteTable(offset - BarLayout.MsixTableOffset, value, enables);
        }
    }

    void IBarTarget.OnFunctionLevelReset()
    {
        _life.Reset();
        _rebirth.End();
        ResetSecondaries();
        _parts.Reader.FunctionReset(_engine.Now);
        _errors.Clear();
        _msix.Reset();
        _config.FunctionLevelReset();
    }

    Span<byte> IDmaReadOwner.Destination(DmaPurpose purpose, int owner, int offset, int bytes) => purpose switch
    {
        DmaPurpose.Commands => _parts.Fetcher.Destination(owner, offset, bytes),
        DmaPurpose.PrpList => _parts.Prps.Destination(owner, offset, bytes),
        DmaPurpose.LeftBehind => _rebirth.Destination(offset, bytes),
        _ => _parts.Pool.Span(_parts.Commands[owner].Buffer + offset, bytes),
    };

    void IDmaReadOwner.OnReadEnded(DmaPurpose purpose, int owner, bool ok, Instant now)
    {
        if (purpose == DmaPurpose.Commands)
        {
            BeginCommands(_parts.Fetcher.OnReadEnded(owner, ok));
            return;
        }

        if (purpose == DmaPurpose.LeftBehind)
        {
            _rebirth.OnReadEnded(ok);
            return;
        }

        ref var slot = ref _parts.Commands[owner];
        if (purpose == DmaPurpose.PrpList)
        {
            _parts.Prps.OnReadEnded(ref slot, ok);
            if (!slot.PrpPending)
            {
                _engine.Wake(ref slot);
            }
        }
        else if (DataReads.OnReadEnded(ref slot, ok))
        {
            _engine.Wake(ref slot);
        }
    }

    // §8.5.3: a Controller Level Reset of the primary controller, or the coming and going of a VF, but not a VF's own resets.
    private void ResetSecondaries()
    {
        if (_isPrimary)
        {
            _parts.Subsystem.Virtualization?.OnPrimaryReset();
        }
    }

    private void Enter(Instant now)
    {
        _engine.Now = now;
        _parts.Health.OnTime(now);
    }

    private void BeginCommands(SubmissionQueue queue)
    {
        while (_parts.Fetcher.TryGetDone(queue, out var fetch, out var entries, out var failed))
        {
            if (failed)
            {
                _life.Fail($"the commands of submission queue {queue.Id} cannot be read from the host's memory");
                return;
            }

            for (var i = 0; i < entries; i++)
            {
                queue.AdvanceHead();
                _engine.Begin(queue, _parts.Fetcher.Entry(fetch, i));
            }

            _parts.Fetcher.Release(queue);
        }
    }

    private bool TryTakeRead(Instant now, Span<byte> into, out int length)
    {
        length = 0;
        var reader = _parts.Reader;
        if (reader.FreeTags == 0)
        {
            return false;
        }

        if (_parts.Prps.TryIssue(reader, now, into, out length)
            || (_life.CanFetch && _parts.Fetcher.TryIssue(reader, now, into, out length)))
        {
            return true;
        }

        while (!_parts.Data.TryIssue(reader, now, into, out length, out var ended))
        {
            if (ended < 0)
            {
                return false;
            }

            _engine.Wake(ref _parts.Commands[ended]);
        }

        return true;
    }
}
