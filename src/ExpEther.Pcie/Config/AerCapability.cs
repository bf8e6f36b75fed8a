using System.Buffers.Binary;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Config;

/// <summary>
/// Advanced error reporting of one function (PCIe 5.0 §6.2, §7.8.4), with the Device Status bits that go with it.
/// <para>
/// Theory (figure 6-2). An uncorrectable error is fatal or non-fatal as its severity bit says; a non-fatal one that another agent will
/// handle is "advisory" and is reported as correctable. Detection always sets Device Status and the status bit. Only an unmasked error
/// is logged (header log and first error pointer, which stay with the first error until software clears its status bit) and may send a
/// message, if the Device Control enable, or for uncorrectable ones SERR# Enable, says so.
/// </para>
/// </summary>
public sealed class AerCapability
{
    private const uint DefaultSeverity = (1U << (int)UncorrectableError.DataLinkProtocol) | (1U << (int)UncorrectableError.SurpriseDown)
        | (1U << (int)UncorrectableError.FlowControlProtocol) | (1U << (int)UncorrectableError.ReceiverOverflow)
        | (1U << (int)UncorrectableError.MalformedTlp) | (1U << (int)UncorrectableError.UncorrectableInternal);

    private const uint AdvisoryNonFatal = 1U << (int)CorrectableError.AdvisoryNonFatal;
    private const uint DefaultUncorrectableMask = 1U << (int)UncorrectableError.UncorrectableInternal;
    private const uint DefaultCorrectableMask = AdvisoryNonFatal | (1U << (int)CorrectableError.CorrectedInternal)
        | (1U << (int)CorrectableError.HeaderLogOverflow);

    private const uint AllCorrectable = DefaultCorrectableMask | (1U << (int)CorrectableError.ReceiverError) | (1U << (int)CorrectableError.BadTlp)
        | (1U << (int)CorrectableError.BadDllp) | (1U << (int)CorrectableError.ReplayNumRollover) | (1U << (int)CorrectableError.ReplayTimerTimeout);

    private const uint AllUncorrectable = DefaultSeverity | (1U << (int)UncorrectableError.PoisonedTlpReceived)
        | (1U << (int)UncorrectableError.CompletionTimeout) | (1U << (int)UncorrectableError.CompleterAbort)
        | (1U << (int)UncorrectableError.UnexpectedCompletion) | (1U << (int)UncorrectableError.Ecrc)
        | (1U << (int)UncorrectableError.UnsupportedRequest) | (1U << (int)UncorrectableError.AcsViolation);

    private readonly ConfigSpace _space;
    private readonly int _pcie;
    private readonly AerCapability _settings;

    /// <param name="space">The function's.</param>
    /// <param name="pcieOffset">Offset of its PCIe capability.</param>
    /// <param name="ecrc">The function generates and checks digests when enabled.</param>
    /// <param name="physical">A VF's PF: its masks, severities and enables count for the VF too, which has only status of its own (§9.4.2).</param>
    internal AerCapability(ConfigSpace space, int pcieOffset, bool ecrc, AerCapability? physical = null)
    {
        _space = space;
        _pcie = pcieOffset;
        _settings = physical ?? this;
        Offset = space.AddExtendedCapability(ExtendedCapabilityId.AdvancedErrorReporting, 2, AerRegister.Bytes);
        if (physical is null)
        {
            Define(AerRegister.UncorrectableMask, AllUncorrectable, DefaultUncorrectableMask);
            Define(AerRegister.UncorrectableSeverity, AllUncorrectable, DefaultSeverity);
            Define(AerRegister.CorrectableMask, AllCorrectable, DefaultCorrectableMask);
        }

        space.DefineRw1c32(Offset + AerRegister.UncorrectableStatus, AllUncorrectable);
        space.DefineRw1c32(Offset + AerRegister.CorrectableStatus, AllCorrectable);
        space.DefineSticky32(Offset + AerRegister.UncorrectableStatus, uint.MaxValue);
        space.DefineSticky32(Offset + AerRegister.CorrectableStatus, uint.MaxValue);
        space.DefineSticky32(Offset + AerRegister.Control, uint.MaxValue);
        for (var log = 0; log < TlpLimits.HeaderBytesMax; log += 4)
        {
            space.DefineSticky32(Offset + AerRegister.HeaderLog + log, uint.MaxValue);
        }

        if (ecrc && physical is null)
        {
            Define(
                AerRegister.Control, AerRegister.ControlEcrcGenerationEnable | AerRegister.ControlEcrcCheckEnable,
                AerRegister.ControlEcrcGenerationCapable | AerRegister.ControlEcrcCheckCapable);
        }
    }

    public int Offset { get; }

    /// <summary>Software wants a digest on every TLP that this function makes.</summary>
    public bool EcrcGenerationEnabled => (_settings.Get(AerRegister.Control) & AerRegister.ControlEcrcGenerationEnable) != 0;

    /// <summary>Software wants digests that arrive checked.</summary>
    public bool EcrcCheckEnabled => (_settings.Get(AerRegister.Control) & AerRegister.ControlEcrcCheckEnable) != 0;

    /// <summary>Records an uncorrectable error: Device Status, status bit, and if it is not masked header log and first error pointer.</summary>
    /// <param name="error">Which.</param>
    /// <param name="header">The offending TLP, from its first byte; empty when there is none.</param>
    /// <param name="advisory">Another agent handles it (§6.2.3.2.4): a UR or CA answered by a completion, a poisoned completion, an unexpected one.</param>
    /// <returns>The error message to send; null when software did not enable it.</returns>
    public MessageCode? Report(UncorrectableError error, ReadOnlySpan<byte> header, bool advisory = false)
    {
        var bit = 1U << (int)error;
        var isFatal = (_settings.Get(AerRegister.UncorrectableSeverity) & bit) != 0;
        SetLegacyStatus(error);
        if (error == UncorrectableError.UnsupportedRequest)
        {
            SetDeviceStatus(PcieRegister.DeviceStatusUnsupportedRequest);
        }

        if (advisory && !isFatal)
        {
            SetDeviceStatus(PcieRegister.DeviceStatusCorrectable);
            Or(AerRegister.CorrectableStatus, AdvisoryNonFatal);
            if ((_settings.Get(AerRegister.CorrectableMask) & AdvisoryNonFatal) != 0)
            {
                return null;
            }

            Log(error, header);
            return IsEnabled(PcieRegister.DeviceControlCorrectableEnable, error) ? MessageCode.ErrCorrectable : null;
        }

        SetDeviceStatus(isFatal ? PcieRegister.DeviceStatusFatal : PcieRegister.DeviceStatusNonFatal);
        Log(error, header);
        if ((_settings.Get(AerRegister.UncorrectableMask) & bit) != 0)
        {
            return null;
        }

        var serr = (_settings._space.Get16(ConfigRegister.Command) & ConfigRegister.CommandSerrEnable) != 0;
        if (!serr && !IsEnabled(isFatal ? PcieRegister.DeviceControlFatalEnable : PcieRegister.DeviceControlNonFatalEnable, error))
        {
            return null;
        }

        if (serr)
        {
            _space.SetBits16(ConfigRegister.Status, ConfigRegister.StatusSignaledSystemError);
        }

        return isFatal ? MessageCode.ErrFatal : MessageCode.ErrNonFatal;
    }

    /// <summary>Records a correctable error.</summary>
    /// <returns>ERR_COR if it is not masked and software enabled it.</returns>
    public MessageCode? Report(CorrectableError error)
    {
        SetDeviceStatus(PcieRegister.DeviceStatusCorrectable);
        Or(AerRegister.CorrectableStatus, 1U << (int)error);
        var masked = (_settings.Get(AerRegister.CorrectableMask) & (1U << (int)error)) != 0;
        return !masked && (DeviceControl & PcieRegister.DeviceControlCorrectableEnable) != 0 ? MessageCode.ErrCorrectable : null;
    }

    private ushort DeviceControl => _settings._space.Get16(_settings._pcie + PcieRegister.DeviceControl);

    private bool IsEnabled(ushort enable, UncorrectableError error) =>
        (DeviceControl & enable) != 0
        && (error != UncorrectableError.UnsupportedRequest || (DeviceControl & PcieRegister.DeviceControlUnsupportedRequestEnable) != 0);

    private void Log(UncorrectableError error, ReadOnlySpan<byte> header)
    {
        var bit = 1U << (int)error;
        var control = Get(AerRegister.Control);
        var status = Get(AerRegister.UncorrectableStatus);
        // The pointer holds an unserved error while the status bit it names is set; looked at before this error sets its own.
        var isOccupied = (status & (1U << (int)(control & AerRegister.ControlFirstErrorMask))) != 0;
        Set(AerRegister.UncorrectableStatus, status | bit);
        if (isOccupied || (_settings.Get(AerRegister.UncorrectableMask) & bit) != 0)
        {
            return;
        }

        Set(AerRegister.Control, (control & ~AerRegister.ControlFirstErrorMask) | (uint)error);
        Span<byte> log = stackalloc byte[TlpLimits.HeaderBytesMax];
        log.Clear();
        var bytes = header.IsEmpty ? 0 : Math.Min(header.Length, (header[0] & TlpHeader.Fmt4Dw) != 0 ? TlpLimits.HeaderBytesMax : TlpLimits.HeaderBytesMin);
        header[..bytes].CopyTo(log);
        for (var i = 0; i < TlpLimits.HeaderBytesMax; i += 4)
        {
            // §7.8.4.8: the header's first byte is the log's most significant.
            Set(AerRegister.HeaderLog + i, BinaryPrimitives.ReadUInt32BigEndian(log[i..]));
        }
    }

    // The conventional Status bits that go with these errors (§7.5.1.1.4).
    private void SetLegacyStatus(UncorrectableError error)
    {
        var status = error switch
        {
            UncorrectableError.PoisonedTlpReceived => ConfigRegister.StatusDetectedParityError,
            UncorrectableError.CompleterAbort => ConfigRegister.StatusSignaledTargetAbort,
            _ => (ushort)0,
        };
        _space.SetBits16(ConfigRegister.Status, status);
    }

    private void SetDeviceStatus(ushort bits) => _space.SetBits16(_pcie + PcieRegister.DeviceStatus, bits);

    private void Define(int register, uint writable, uint value)
    {
        Set(register, value);
        _space.DefineRw32(Offset + register, writable);
        _space.DefineSticky32(Offset + register, writable);
    }

    private uint Get(int register) => _space.Get32(Offset + register);

    private void Set(int register, uint value) => _space.Set32(Offset + register, value);

    private void Or(int register, uint bits) => Set(register, Get(register) | bits);
}
