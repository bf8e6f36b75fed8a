using ExpEther.Bridge.Io.Ownership;
using ExpEther.Simulation.Faults;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>A box that starts again takes each private namespace for the one before's owner's.</summary>
internal sealed class MixedUpOwners : IPlantedBug
{
    public IOwnershipStore Wrap(IOwnershipStore store) => new Store(store);

    private sealed class Store(IOwnershipStore inner) : IOwnershipStore
    {
        public void Save(OwnershipImage image) => inner.Save(image);

        public bool IsDurable(long version) => inner.IsDurable(version);

        public OwnershipImage? Load()
        {
            if (inner.Load() is not { } image)
            {
                return null;
            }

            var owners = image.Namespaces.Select(record => record.Owner).ToList();
            return image with { Namespaces = [.. image.Namespaces.Select((record, i) => record with { Owner = owners[(i + 1) % owners.Count] })] };
        }
    }
}
