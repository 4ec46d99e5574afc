package main

import (
	"context"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// unit is what sizes are rounded up to, as block storage does.
const unit = 1 << 30

// controllerServer makes and removes volumes and snapshots.
type controllerServer struct {
	csi.UnimplementedControllerServer
	store *store
}

func (*controllerServer) ControllerGetCapabilities(context.Context, *csi.ControllerGetCapabilitiesRequest) (*csi.ControllerGetCapabilitiesResponse, error) {
	all := &csi.ControllerGetCapabilitiesResponse{}
	for _, can := range []csi.ControllerServiceCapability_RPC_Type{
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_VOLUME, csi.ControllerServiceCapability_RPC_CREATE_DELETE_SNAPSHOT,
	} {
		all.Capabilities = append(all.Capabilities, &csi.ControllerServiceCapability{
			Type: &csi.ControllerServiceCapability_Rpc{Rpc: &csi.ControllerServiceCapability_RPC{Type: can}},
		})
	}
	return all, nil
}

func (c *controllerServer) CreateVolume(ctx context.Context, request *csi.CreateVolumeRequest) (*csi.CreateVolumeResponse, error) {
	if request.GetName() == "" {
		return nil, status.Error(codes.InvalidArgument, "the volume has no name")
	}
	if refused := unsupported(request.GetVolumeCapabilities()); refused != "" {
		return nil, status.Error(codes.InvalidArgument, refused)
	}
	c.store.mu.Lock()
	defer c.store.mu.Unlock()
	bytes := max(request.GetCapacityRange().GetRequiredBytes(), 1)
	wanted := record{ID: identifier(request.GetName()), Bytes: (bytes + unit - 1) / unit * unit, Created: time.Now().UTC()}
	var from string
	if source := request.GetVolumeContentSource(); source != nil {
		if source.GetSnapshot() == nil {
			return nil, status.Error(codes.InvalidArgument, "a volume is made of a snapshot or of nothing")
		}
		wanted.Source = source.GetSnapshot().GetSnapshotId()
		snapshot, err := c.store.get(snapshots, wanted.Source)
		if err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
		if snapshot == nil {
			return nil, status.Errorf(codes.NotFound, "there is no snapshot %s", wanted.Source)
		}
		if snapshot.Bytes > wanted.Bytes {
			return nil, status.Errorf(codes.OutOfRange, "the snapshot needs %d bytes, the volume has %d", snapshot.Bytes, wanted.Bytes)
		}
		from = c.store.files(snapshots, wanted.Source)
	}
	there, err := c.store.get(volumes, wanted.ID)
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	switch {
	case there == nil:
		if err := c.store.put(ctx, volumes, wanted, from); err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
	case there.Bytes != wanted.Bytes || there.Source != wanted.Source:
		return nil, status.Errorf(codes.AlreadyExists, "volume %s is there already and is another", request.GetName())
	}
	return &csi.CreateVolumeResponse{Volume: &csi.Volume{VolumeId: wanted.ID, CapacityBytes: wanted.Bytes, ContentSource: request.GetVolumeContentSource()}}, nil
}

func (c *controllerServer) DeleteVolume(_ context.Context, request *csi.DeleteVolumeRequest) (*csi.DeleteVolumeResponse, error) {
	if request.GetVolumeId() == "" {
		return nil, status.Error(codes.InvalidArgument, "no volume is named")
	}
	c.store.mu.Lock()
	defer c.store.mu.Unlock()
	if err := c.store.drop(volumes, request.GetVolumeId()); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &csi.DeleteVolumeResponse{}, nil
}

func (c *controllerServer) ValidateVolumeCapabilities(_ context.Context, request *csi.ValidateVolumeCapabilitiesRequest) (*csi.ValidateVolumeCapabilitiesResponse, error) {
	if request.GetVolumeId() == "" || len(request.GetVolumeCapabilities()) == 0 {
		return nil, status.Error(codes.InvalidArgument, "a volume and what is asked of it must be named")
	}
	volume, err := c.store.get(volumes, request.GetVolumeId())
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	if volume == nil {
		return nil, status.Errorf(codes.NotFound, "there is no volume %s", request.GetVolumeId())
	}
	if refused := unsupported(request.GetVolumeCapabilities()); refused != "" {
		return &csi.ValidateVolumeCapabilitiesResponse{Message: refused}, nil
	}
	return &csi.ValidateVolumeCapabilitiesResponse{Confirmed: &csi.ValidateVolumeCapabilitiesResponse_Confirmed{
		VolumeContext: request.GetVolumeContext(), VolumeCapabilities: request.GetVolumeCapabilities(), Parameters: request.GetParameters(),
	}}, nil
}

func (c *controllerServer) CreateSnapshot(ctx context.Context, request *csi.CreateSnapshotRequest) (*csi.CreateSnapshotResponse, error) {
	if request.GetName() == "" || request.GetSourceVolumeId() == "" {
		return nil, status.Error(codes.InvalidArgument, "a snapshot has a name and a volume")
	}
	for name := range request.GetParameters() {
		return nil, status.Errorf(codes.InvalidArgument, "the VolumeSnapshotClass has the parameter %q; this driver knows none", name)
	}
	c.store.mu.Lock()
	defer c.store.mu.Unlock()
	snapshot, err := c.store.get(snapshots, identifier(request.GetName()))
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	if snapshot != nil && snapshot.Source != request.GetSourceVolumeId() {
		return nil, status.Errorf(codes.AlreadyExists, "snapshot %s is there already and of another volume", request.GetName())
	}
	if snapshot == nil {
		volume, err := c.store.get(volumes, request.GetSourceVolumeId())
		if err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
		if volume == nil {
			return nil, status.Errorf(codes.NotFound, "there is no volume %s", request.GetSourceVolumeId())
		}
		snapshot = &record{ID: identifier(request.GetName()), Source: volume.ID, Bytes: volume.Bytes, Created: time.Now().UTC()}
		if err := c.store.put(ctx, snapshots, *snapshot, c.store.files(volumes, volume.ID)); err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
	}
	return &csi.CreateSnapshotResponse{Snapshot: &csi.Snapshot{
		SnapshotId: snapshot.ID, SourceVolumeId: snapshot.Source, SizeBytes: snapshot.Bytes,
		CreationTime: timestamppb.New(snapshot.Created), ReadyToUse: true,
	}}, nil
}

func (c *controllerServer) DeleteSnapshot(_ context.Context, request *csi.DeleteSnapshotRequest) (*csi.DeleteSnapshotResponse, error) {
	if request.GetSnapshotId() == "" {
		return nil, status.Error(codes.InvalidArgument, "no snapshot is named")
	}
	c.store.mu.Lock()
	defer c.store.mu.Unlock()
	if err := c.store.drop(snapshots, request.GetSnapshotId()); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &csi.DeleteSnapshotResponse{}, nil
}

// unsupported says what of the capabilities volumes of this driver do not have.
func unsupported(capabilities []*csi.VolumeCapability) string {
	if len(capabilities) == 0 {
		return "it is not said what the volume must be able to do"
	}
	for _, one := range capabilities {
		if one.GetMount() == nil {
			return "volumes are folders, not devices"
		}
	}
	return ""
}
