using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands.Admin;

/// <summary>Get Features (NVMe 1.4 §5.13). Every feature's value is DW0 of the completion; saved values are the defaults.</summary>
internal sealed class GetFeaturesCommand : INvmeCommand
{
    private readonly FeatureSet _defaults = MakeDefaults();

    public CommandEffects Effects => CommandEffects.Supported;

    public void Run(CommandEngine engine, ref CommandSlot slot)
    {
        var entry = engine.Parts.Commands.Entry(slot.Index);
        var id = (FeatureId)(byte)entry.Dw10;
        var select = (int)(entry.Dw10 >> 8) & 7;
        if (!FeatureFields.IsKnown(id))
        {
            engine.Finish(ref slot, NvmeStatus.InvalidField, FeatureFields.IdLocation);
        }
        else if (select > (int)FeatureSelect.SupportedCapabilities)
        {
            engine.Finish(ref slot, NvmeStatus.InvalidField, FeatureFields.SelectLocation);
        }
        else if (select == (int)FeatureSelect.SupportedCapabilities)
        {
            slot.Result = FeatureSet.Capabilities(id);
            engine.Finish(ref slot, NvmeStatus.Success);
        }
        else if (id == FeatureId.ErrorRecovery && engine.Parts.Backends.Find(slot.NamespaceId) is null)
        {
            engine.Finish(ref slot, NvmeStatus.InvalidNamespaceOrFormat, FeatureFields.NamespaceLocation);
        }
        else
        {
            var isCurrent = select == (int)FeatureSelect.Current;
            var status = TryGet(engine, slot, id, entry.Dw11, isCurrent ? engine.Parts.Features : _defaults, isCurrent, out slot.Result);
            engine.Finish(ref slot, status, FeatureFields.ValueLocation);
        }
    }

    private static FeatureSet MakeDefaults()
    {
        var defaults = new FeatureSet(ControllerLimits.QueuePairsMax);
        defaults.Reset();
        return defaults;
    }

    private static NvmeStatus TryGet(
        CommandEngine engine, in CommandSlot slot, FeatureId id, uint dw11, FeatureSet from, bool isCurrent, out uint value)
    {
        value = 0;
        switch (id)
        {
            case FeatureId.Arbitration:
                value = from.Arbitration;
                break;
            case FeatureId.PowerManagement:
                value = from.PowerManagement;
                break;
            case FeatureId.TemperatureThreshold:
                if (FeatureFields.TemperatureSensor(dw11) != FeatureFields.CompositeSensor
                    || FeatureFields.ThresholdType(dw11) > FeatureFields.UnderThreshold)
                {
                    return NvmeStatus.InvalidField;
                }

                value = FeatureFields.ThresholdType(dw11) == FeatureFields.OverThreshold ? from.OverTemperature : from.UnderTemperature;
                break;
            case FeatureId.ErrorRecovery:
                value = isCurrent ? engine.Parts.Backends.Find(slot.NamespaceId)!.ErrorRecovery : 0;
                break;
            case FeatureId.VolatileWriteCache:
                value = from.VolatileWriteCache;
                break;
            case FeatureId.NumberOfQueues:
                value = SetFeaturesCommand.QueuesAllocated(engine);
                break;
            case FeatureId.InterruptCoalescing:
                value = from.InterruptCoalescing;
                break;
            case FeatureId.InterruptVectorConfiguration:
                var vector = (int)(dw11 & 0xFFFF);
                if (vector >= engine.Parts.Features.Vectors)
                {
                    return NvmeStatus.InvalidField;
                }

                value = from.VectorConfiguration(vector);
                break;
            case FeatureId.WriteAtomicityNormal:
                value = from.WriteAtomicity;
                break;
            default:
                value = from.AsyncEvents;
                break;
        }

        return NvmeStatus.Success;
    }
}
