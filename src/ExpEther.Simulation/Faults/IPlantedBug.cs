using ExpEther.Bridge.Io.Ownership;
using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;
using ExpEther.Nvme.Backends;
using ExpEther.Pcie.Ports;
using ExpEther.RootComplex.Functions.Sharing;
using ExpEther.Simulation.Stations;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Faults;

/// <summary>A bug that the simulator's own tests put into a fabric, round its production parts, to see that it is found.</summary>
internal interface IPlantedBug
{
    IPcieDevice Wrap(IPcieDevice device, SimDisk disk) => device;

    IBlockBackend Wrap(IBlockBackend backend, SimDisk disk) => backend;

    IPhysicalFunctionDriver Wrap(IPhysicalFunctionDriver driver) => driver;

    IOwnershipStore Wrap(IOwnershipStore store) => store;

    /// <summary>A frame comes to a box, which has not seen it yet.</summary>
    void OnFrame(BoxStation box, in ReceivedFrame frame, Instant now)
    {
    }

    /// <summary>Every turn of a box.</summary>
    void OnTurn(BoxStation box, Instant now)
    {
    }
}
