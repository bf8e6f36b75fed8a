using System.Buffers.Binary;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex;
using ExpEther.RootComplex.Enumeration;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Guests;
using ExpEther.RootComplex.Tests.Fabric;

namespace ExpEther.Qemu.Tests.Machines;

/// <summary>A slot of the guest's root complex with a function in it, on one wire; the bridges between them are left out.</summary>
internal sealed class RigSlot
{
    private static readonly Rid VfH = new(3, 0, 0);

    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];

    public RigSlot(int number, OwnerScheduler scheduler)
    {
        Slot = new GuestSlot(number, new Rid(0, 0, 0), TimeSpan.FromSeconds(1), scheduler, new RootComplexCounters())
        {
            VfH = VfH,
            Ejected = () => Ejects++,
            Followed = guest => Followed.Add(guest),
            Told = Hear,
        };
        Fill();
    }

    public GuestSlot Slot { get; }

    public TestEndpoint Endpoint { get; private set; } = new();

    /// <summary>What was said of showing its function, oldest first, but for that QEMU is asked.</summary>
    public List<(GuestShowing Showing, string Words)> Told { get; } = [];

    /// <summary>What was said of the guest that its function follows, oldest first.</summary>
    public List<Guid> Followed { get; } = [];

    /// <summary>How often it was said that QEMU is asked, before all else.</summary>
    public int Asked { get; private set; }

    /// <summary>How often the function has been reset.</summary>
    public int Resets { get; private set; }

    /// <summary>How often the guest has let go of it by itself.</summary>
    public int Ejects { get; private set; }

    /// <summary>Another function comes into the slot, powered and surveyed.</summary>
    public void Fill()
    {
        Endpoint = new TestEndpoint();
        var msix = Endpoint.Config.MsixOffset;
        Slot.PowerOn();
        Slot.Fill(
            new GuestFunction(
                VfH, 0x1AF4, 0x1100, 0x120000, [new PciBar(0, default, 4096, true, false), new PciBar(TestEndpoint.TableBar, default, 4096, false, false)],
                msix, Endpoint.Config.MsixVectors, TestEndpoint.TableBar, 0),
            new PciCapabilities { PciExpress = Endpoint.Config.PcieOffset, MsiX = msix });
    }

    /// <summary>The function is gone.</summary>
    public void Empty() => Slot.Empty();

    public void Pump(IGuestMachine machine, Instant now)
    {
        Slot.Poll(now);
        while (Slot.TryTake(now, _tlp, out var length))
        {
            // The port between passes configuration requests on as type 0 (PCIe 5.0 §7.3.3).
            _tlp[0] &= IsConfig(_tlp[0]) ? (byte)0xFE : (byte)0xFF;
            TlpView.TryParse(_tlp.AsSpan(0, length), out var view);
            Resets += IsReset(view) ? 1 : 0;
            Endpoint.TryAccept(_tlp.AsSpan(0, length), now);
        }

        while (Endpoint.TryTake(now, _tlp, out var length))
        {
            TlpView.TryParse(_tlp.AsSpan(0, length), out var view);
            if (view.IsCompletion)
            {
                Slot.TryAccept(_tlp.AsSpan(0, length), now);
            }
            else
            {
                machine.RaiseInterrupt(Slot, new HostAddress(view.FirstByteAddress), BinaryPrimitives.ReadUInt32LittleEndian(view.Payload));
            }
        }
    }

    private void Hear(GuestShowing showing, string words)
    {
        if (showing == GuestShowing.Asked)
        {
            Asked++;
        }
        else
        {
            Told.Add((showing, words));
        }
    }

    private static bool IsConfig(byte formatAndType) => (formatAndType & 0x1E) == 0x04;

    private bool IsReset(in TlpView view) => view.Kind == TlpKind.ConfigWrite0 && view.ConfigRegister == Endpoint.Config.PcieOffset + 8
        && (view.ConfigValue & 0x8000) != 0 && (view.FirstByteEnables & 2) != 0;
}
