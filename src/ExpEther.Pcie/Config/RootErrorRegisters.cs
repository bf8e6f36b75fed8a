using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Config;

/// <summary>
/// A root port's part of AER: which error messages came, from whom, and whether to interrupt (PCIe 5.0 §6.2.4.1, §7.8.4.9 to
/// §7.8.4.11). The first correctable and the first uncorrectable source are kept until software clears their status bits; later ones
/// only set "multiple". As with slots an interrupt is due when the enabled condition turns true.
/// </summary>
public sealed class RootErrorRegisters
{
    private const uint CorrectableReceived = 1 << 0;
    private const uint MultipleCorrectable = 1 << 1;
    private const uint UncorrectableReceived = 1 << 2;
    private const uint MultipleUncorrectable = 1 << 3;
    private const uint FirstIsFatal = 1 << 4;
    private const uint NonFatalReceived = 1 << 5;
    private const uint FatalReceived = 1 << 6;
    private const uint AllStatus = 0x7F;
    private const uint AllCommand = 0x7;

    private readonly ConfigSpace _space;
    private readonly int _aer;
    private bool _interruptDue;

    internal RootErrorRegisters(ConfigSpace space, int aerOffset)
    {
        _space = space;
        _aer = aerOffset;
        space.DefineRw32(aerOffset + AerRegister.RootCommand, AllCommand);
        space.DefineRw1c32(aerOffset + AerRegister.RootStatus, AllStatus);
        space.DefineSticky32(aerOffset + AerRegister.RootStatus, AllStatus);
        space.DefineSticky32(aerOffset + AerRegister.ErrorSource, uint.MaxValue);
    }

    /// <summary>An error message arrived, or the port reports an error of its own.</summary>
    /// <param name="message">ERR_COR, ERR_NONFATAL or ERR_FATAL.</param>
    /// <param name="source">Its requester ID.</param>
    public void Receive(MessageCode message, Rid source)
    {
        var status = _space.Get32(_aer + AerRegister.RootStatus);
        var before = IsPending(status);
        if (message == MessageCode.ErrCorrectable)
        {
            Keep(status, CorrectableReceived, source, shift: 0);
            status |= (status & CorrectableReceived) != 0 ? MultipleCorrectable : CorrectableReceived;
        }
        else
        {
            var isFatal = message == MessageCode.ErrFatal;
            Keep(status, UncorrectableReceived, source, shift: 16);
            status |= (status & UncorrectableReceived) != 0
                ? MultipleUncorrectable
                : UncorrectableReceived | (isFatal ? FirstIsFatal : 0);
            status |= isFatal ? FatalReceived : NonFatalReceived;
            _space.SetBits16(ConfigRegister.SecondaryStatus, ConfigRegister.StatusSignaledSystemError);
        }

        _space.Set32(_aer + AerRegister.RootStatus, status);
        _interruptDue |= !before && IsPending(status);
    }

    internal bool TryTakeInterrupt()
    {
        var due = _interruptDue;
        _interruptDue = false;
        return due;
    }

    internal void OnReset() => _interruptDue = false;

    private void Keep(uint status, uint received, Rid source, int shift)
    {
        if ((status & received) == 0)
        {
            var sources = _space.Get32(_aer + AerRegister.ErrorSource);
            _space.Set32(_aer + AerRegister.ErrorSource, (sources & ~(0xFFFFU << shift)) | ((uint)source.Value << shift));
        }
    }

    // Root Error Command bits 0, 1, 2 enable correctable, non-fatal and fatal.
    private bool IsPending(uint status)
    {
        var enabled = _space.Get32(_aer + AerRegister.RootCommand);
        return ((enabled & 1) != 0 && (status & CorrectableReceived) != 0)
            || ((enabled & 2) != 0 && (status & NonFatalReceived) != 0)
            || ((enabled & 4) != 0 && (status & FatalReceived) != 0);
    }
}
